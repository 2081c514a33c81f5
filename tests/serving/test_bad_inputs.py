"""What is wrong in a request is told, and never breaks the server."""

import json

from starlette.testclient import TestClient

from .bad_inputs import BadInput, bad_inputs


def check_refused(bad: BadInput, status: int, content_type: str, body: bytes) -> None:
    """A 4xx that says why; a batch says so line by line."""
    if bad.kind == "bad batch":
        assert status == 200
        lines = [json.loads(line) for line in body.splitlines()]
        assert lines
        assert all(400 <= line["error"]["status"] < 500 for line in lines), lines
        return
    if bad.tolerable and status == 200:
        return
    assert 400 <= status < 500, (bad.kind, status, body[:300])
    assert content_type == "application/problem+json"
    assert json.loads(body)["detail"]


def test_bad_inputs_are_refused_with_a_reason(client: TestClient) -> None:
    # benchmarks/serve_fuzz.py sends thousands of them to a real server.
    for bad in bad_inputs(150, seed=1):
        answer = client.request(
            bad.method, bad.path, content=bad.body, headers=bad.headers, follow_redirects=False
        )
        check_refused(bad, answer.status_code, answer.headers["content-type"], answer.content)
    assert client.get("/healthz").text == "ok"


def test_the_corpus_is_the_same_each_time() -> None:
    assert list(bad_inputs(60, seed=3)) == list(bad_inputs(60, seed=3))
    assert len({bad.kind for bad in bad_inputs(60)}) == 15

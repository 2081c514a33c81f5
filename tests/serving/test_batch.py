import json

import pytest
from starlette.testclient import TestClient

from chiasm.serving.limits import Limits

from .stand_in import StandIn

JSONL = {"Content-Type": "application/jsonl"}


def answers(client: TestClient, *lines: object) -> list[dict]:
    body = b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    answer = client.post("/v1/batch", content=body, headers=JSONL)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_answers_come_in_the_order_of_the_lines(client: TestClient, model: StandIn) -> None:
    rows = [
        {"id": str(i), "text": "mug " + "good " * (i % 3) + "bad " * (i % 5)} for i in range(200)
    ]
    found = answers(client, *rows)
    assert [line["line"] for line in found] == list(range(1, 201))
    assert [line["id"] for line in found] == [row["id"] for row in rows]
    alone = [model.predict([row])[0].label for row in rows]
    assert [line["label"] for line in found] == alone


def test_a_bad_line_is_answered_in_its_place(client: TestClient) -> None:
    found = answers(
        client,
        {"text": "good"},
        b"{",
        b"",
        {"id": "x", "image": "AAAA"},
        b"\xff\xfe",
        {"id": "y", "text": "break the model"},
        {"text": "bad"},
    )
    assert [line["line"] for line in found] == [1, 2, 4, 5, 6, 7]
    errors = [line.get("error", {}).get("status") for line in found]
    assert errors == [None, 400, 422, 400, 500, None]
    assert (found[2]["id"], found[4]["id"]) == ("x", "y")
    assert found[-1]["label"] == "negative"


def test_names_of_rows_are_texts_and_short(client: TestClient) -> None:
    row = {"text": "good"}
    found = answers(client, *(row | {"id": name} for name in ("é" * 200, "é" * 201, "a" * 9000, 5)))
    assert [line.get("error", {}).get("detail", line.get("id")) for line in found] == [
        "é" * 200,
        "id: longer than 200 characters. Send a shorter one.",
        "id: longer than 200 characters. Send a shorter one.",
        "id: Input should be a valid string.",
    ]


def test_lines_are_batched(client: TestClient, model: StandIn) -> None:
    model.seconds = 0.02
    answers(client, *({"text": "good"} for _ in range(64)))
    assert max(model.batches) > 8


def test_more_rows_than_wait_at_once_are_answered_in_turn(serve) -> None:
    with serve(limits=Limits(waiting_rows=4)) as client:
        assert len(answers(client, *({"text": "good"} for _ in range(100)))) == 100


def test_a_line_that_is_too_long_is_passed_over(serve) -> None:
    with serve(limits=Limits(body_bytes=1000)) as client:
        found = answers(client, {"text": "a"}, {"text": "a" * 5000}, {"text": "b"}, b"c" * 3000)
    assert [line.get("error", {}).get("status") for line in found] == [None, 413, None, 413]


def test_too_many_lines_end_the_batch(serve) -> None:
    with serve(limits=Limits(batch_rows=3)) as client:
        found = answers(client, *({"text": "a"} for _ in range(10)))
    assert [line.get("error", {}).get("status") for line in found] == [None, None, None, 413]


def test_an_empty_batch_has_an_empty_answer(client: TestClient) -> None:
    assert answers(client) == []


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", ""])
def test_only_json_lines_are_a_batch(client: TestClient, content_type: str) -> None:
    answer = client.post("/v1/batch", content=b"{}", headers={"Content-Type": content_type})
    assert answer.status_code == 415

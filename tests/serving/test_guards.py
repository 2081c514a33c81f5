"""What keeps a server safe, seen from outside."""

import json
import logging

import pytest
from starlette.testclient import TestClient

from chiasm.serving.json_log import JsonFormatter
from chiasm.serving.middleware.security_headers import HEADERS
from chiasm.serving.settings import ServerSettings

KEYS = ("first-key-of-the-server", "second-key-of-the-server")
SECRET = "my very private words"  # noqa: S105


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/v1/model", "/healthz", "/nothing"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Request-ID"]


def test_a_failure_has_them_too(client: TestClient) -> None:
    answer = client.post("/v1/predict", json={"text": "break the model"})
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_other_origins_are_kept_out_unless_they_are_named(serve) -> None:
    ask = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    with serve() as client:
        assert client.options("/v1/predict", headers=ask).status_code == 405
        answer = client.post("/v1/predict", json={"text": "a"}, headers=ask)
        assert "access-control-allow-origin" not in answer.headers
    with serve(origins=("https://shop.example",), keys=KEYS) as client:
        answer = client.options("/v1/predict", headers=ask)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        ask["Origin"] = "https://other.example"
        assert (
            "access-control-allow-origin" not in client.options("/v1/predict", headers=ask).headers
        )


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.testserver"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/v1/predict", "/v1/explain", "/v1/batch"])
def test_what_a_page_of_another_origin_sends_is_refused(
    serve, path: str, headers: dict[str, str]
) -> None:
    with serve() as client:
        answer = client.post(path, files={"text": (None, "good")}, headers=headers)
        assert answer.status_code == 403
        assert "--allow-origin" in answer.json()["detail"]
    with serve(origins=("https://evil.example", "https://evil.testserver", "null")) as client:
        answer = client.post(path, files={"text": (None, "good")}, headers=headers)
        assert (answer.status_code == 403) == ("Origin" not in headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver"},
        {"Origin": "https://testserver"},
    ],
)
def test_the_page_itself_and_programs_may_ask(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/predict", files={"text": (None, "good")}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "testserver:x"])
def test_other_names_of_the_server_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/v1/model", headers={"Host": host}).status_code == 421
    assert client.get("/v1/model", headers={"Host": "testserver:8000"}).status_code == 200


def test_a_loopback_server_answers_to_loopback_names_only() -> None:
    assert set(ServerSettings().allowed_hosts) == {"127.0.0.1", "localhost", "[::1]"}
    assert set(ServerSettings(host="127.0.0.2").allowed_hosts) > {"127.0.0.1", "127.0.0.2"}
    assert "[::1]" in ServerSettings(host="::1").allowed_hosts
    assert "localhost" in ServerSettings(host="LOCALHOST").allowed_hosts
    assert ServerSettings(host="192.168.0.7").allowed_hosts == ()
    assert ServerSettings(hosts=("shop.example",)).allowed_hosts == ("shop.example",)


@pytest.mark.parametrize("key", KEYS)
def test_any_of_the_keys_opens(serve, key: str) -> None:
    with serve(keys=KEYS) as client:
        answer = client.get("/v1/model", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEYS[0]}", KEYS[0], "Bearer \xff\xfe"],
)
def test_without_a_key_only_the_page_and_probes_open(serve, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    with serve(keys=KEYS) as client:
        for path in ("/v1/model", "/metrics", "/v1/nothing"):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert client.post("/v1/predict", json={"text": "a"}, headers=headers).status_code == 401
        for path in ("/", "/page/app.js", "/healthz", "/readyz", "/openapi.json"):
            assert client.get(path, headers=headers).status_code == 200


def test_keys_are_never_shown(serve) -> None:
    assert KEYS[0] not in repr(ServerSettings(keys=KEYS))
    with serve(keys=KEYS) as client:
        assert client.get("/openapi.json").json()["security"] == [{"key": []}]


def test_a_client_that_asks_too_often_is_told_when_to_ask_again(serve) -> None:
    with serve(per_minute=3) as client:
        statuses = [client.get("/v1/model").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = client.get("/v1/model")
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert "/v1/batch" in refused.json()["detail"]
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "path", ["/page/../create_app.py", "/page/%2e%2e/create_app.py", "/page//etc/passwd", "/page/"]
)
def test_no_path_leads_out_of_the_page(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_logs_and_metrics_hold_nothing_that_was_sent(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"X-Secret": SECRET, "X-Request-ID": SECRET, "Authorization": SECRET}
    client.post("/v1/predict", json={"text": SECRET}, headers=headers)
    client.post("/v1/predict", json={"text": f"break the model {SECRET}"})
    client.post("/v1/explain", json={SECRET: SECRET})
    client.post("/v1/predict", files={SECRET: (SECRET, b"AAAA", SECRET)})
    client.get(f"/{SECRET}?q={SECRET}")
    client.request(SECRET.replace(" ", ""), "/v1/model")
    lines = json.dumps({"text": f"break the model {SECRET}"}).encode()
    client.post("/v1/batch", content=lines, headers={"Content-Type": "application/jsonl"})
    own = [record for record in caplog.records if record.name.startswith("chiasm")]
    written = [JsonFormatter().format(record) for record in own]
    assert len([line for line in written if json.loads(line)["event"] == "request"]) == 7
    assert any("RuntimeError" in line and "stand_in.py" in line for line in written)
    metrics = client.get("/metrics").text
    for piece in (SECRET, *SECRET.split()[1:], SECRET.replace(" ", "")):
        assert not [line for line in written if piece in line]
        assert piece not in metrics


def test_a_request_is_logged_as_one_object(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = client.post("/v1/predict", json={"text": "good"})
    (record,) = [r for r in caplog.records if r.getMessage() == "request"]
    line = json.loads(JsonFormatter().format(record))
    assert (line["route"], line["method"], line["status"]) == ("/v1/predict", "POST", 200)
    assert line["request"] == answer.headers["X-Request-ID"]
    assert line["bytes"] > 0

import base64
import json

import pytest
from starlette.testclient import TestClient

from .stand_in import StandIn


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("given", ["text", "image", "both"])
def test_json_and_form_give_the_same_answer(client: TestClient, photo: bytes, given: str) -> None:
    fields = {"text": "a good mug"} if given != "image" else {}
    files = {"image": ("any name.exe", photo)} if given != "text" else {}
    row = {**fields, **{name: encoded(photo) for name in files}}
    as_json = client.post("/v1/predict", json=row)
    # Without a file httpx would send another kind of form.
    as_form = client.post(
        "/v1/predict", files={**files, **{n: (None, v) for n, v in fields.items()}}
    )
    assert as_json.status_code == as_form.status_code == 200, as_form.text
    assert as_json.json() == as_form.json()
    assert as_json.json()["missing"] == {"text": ["image"], "image": ["text"], "both": []}[given]
    assert sum(as_json.json()["probabilities"].values()) == pytest.approx(1)


def test_a_row_has_the_prediction_of_the_model(client: TestClient, model: StandIn) -> None:
    (expected,) = model.predict([{"text": "good good"}])
    answer = client.post("/v1/predict", json={"text": "good good"}).json()
    assert answer["label"] == expected.label == "positive"
    assert answer["probabilities"] == expected.probabilities


def test_what_is_empty_in_a_form_is_not_given(client: TestClient) -> None:
    sent = {"text": (None, "bad"), "image": ("", b"")}
    answer = client.post("/v1/predict", files=sent)
    assert answer.json()["missing"] == ["image"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({}, "empty"),
        ({"text": None}, "empty"),
        ({"text": 3}, "text:"),
        ({"text": ["a"]}, "text:"),
        ({"sound": "a"}, "text, image, audio"),
        ({"audio": "AAAA"}, "reads text and image"),
        ({"image": "data:image/png;base64,AAAA"}, "base64"),
        ({"image": "AAAA"}, "not an image"),
        ([], "JSON object"),
        ("text", "JSON object"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_why(client: TestClient, row: object, says: str) -> None:
    answer = client.post("/v1/predict", json=row)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert answer.json()["status"] == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
        b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b"\x00" * 10,
        '{"text": "a"}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert "JSON" in answer.json()["detail"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 10_000])
def test_numbers_that_are_none_are_refused(client: TestClient, number: str) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (f'{{"text": {number}}}', f'{{"text": "a", "more": {number}}}', number):
        answer = client.post("/v1/predict", content=body, headers=headers)
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("text/plain", 415), ("", 415), ("application/json; charset=utf-8", 200)],
)
def test_the_content_type_decides(client: TestClient, content_type: str, status: int) -> None:
    answer = client.post(
        "/v1/predict", content=b'{"text": "a"}', headers={"Content-Type": content_type}
    )
    assert answer.status_code == status


def test_compressed_bodies_are_refused(client: TestClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post("/v1/predict", content=b"x", headers=headers).status_code == 415


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


@pytest.mark.parametrize(
    ("body", "boundary", "status"),
    [
        (PART % (b"text", b"good") + b"--b--\r\n", "b", 200),
        (PART % (b"text", b"good"), "b", 400),
        (PART % (b"text", b"\xff\xfe") + b"--b--\r\n", "b", 422),
        (PART % (b"../text", b"good") + b"--b--\r\n", "b", 422),
        ((PART % (b"text", b"good")) * 2 + b"--b--\r\n", "b", 422),
        (b"", "b", 400),
        (PART % (b"text", b"good") + b"--b--\r\n", "", 400),
        (PART % (b"text", b"good") + b"--b--\r\n", "x" * 1000, 400),
        (b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n", "b", 400),
        (b"--b\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--b--\r\n", "b", 400),
        (b"--b\r\nA: " + b"b" * 100_000 + b"\r\n\r\nx\r\n--b--\r\n", "b", 400),
    ],
)
def test_forms_are_read_within_limits(
    client: TestClient, body: bytes, boundary: str, status: int
) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = client.post("/v1/predict", content=body, headers=headers)
    assert answer.status_code == status, answer.text


def test_a_row_that_breaks_the_model_is_our_fault_and_breaks_no_other(client: TestClient) -> None:
    answer = client.post("/v1/predict", json={"text": "break the model"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "break" not in answer.text
    assert client.post("/v1/predict", json={"text": "good"}).status_code == 200


def test_the_prediction_is_json_without_nan(client: TestClient) -> None:
    answer = client.post("/v1/predict", json={"text": "good"})
    json.loads(answer.text, parse_constant=pytest.fail)


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/explain"])
def test_what_the_model_does_not_see_of_a_row_is_said(client: TestClient, path: str) -> None:
    assert client.post(path, json={"text": "good"}).json()["notes"] == []
    noted = client.post(path, json={"text": "good ☃"}).json()["notes"]
    assert noted == ["text: signs that nobody knows"]


def test_what_the_model_does_not_see_of_a_line_is_said(client: TestClient) -> None:
    lines = b'{"text": "good"}\n{"text": "good \xe2\x98\x83"}\n'
    answer = client.post("/v1/batch", content=lines, headers={"Content-Type": "application/jsonl"})
    notes = [json.loads(line)["notes"] for line in answer.text.splitlines()]
    assert notes == [[], ["text: signs that nobody knows"]]

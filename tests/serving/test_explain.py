import base64
import io

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from .conftest import image


def explain(client: TestClient, photo: bytes | None, text: str | None, **more: object) -> dict:
    files = {"image": photo, "text": (None, text)}
    sent = {name: value for name, value in files.items() if value not in (None, (None, None))}
    answer = client.post("/v1/explain", files=sent, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_words_lie_where_they_stand_in_the_text(client: TestClient, photo: bytes) -> None:
    text = "so good, so good 👍 indeed"
    found = explain(client, photo, text)
    assert [word["text"] for word in found["words"]] == text.split()
    assert all(text[w["start"] : w["end"]] == w["text"] for w in found["words"])


def test_the_overlay_is_an_image_of_the_same_shape(client: TestClient) -> None:
    found = explain(client, image("PNG", (1500, 1000)), None)
    overlay = Image.open(io.BytesIO(base64.b64decode(found["image"]["overlay_png"])))
    assert (overlay.format, overlay.size) == ("PNG", (640, 427))
    assert np.shape(found["image"]["grid"]) == (7, 7)
    assert found["words"] is found["audio"] is None


def test_the_overlay_alone_is_sent_on_request(client: TestClient, photo: bytes) -> None:
    answer = client.post("/v1/explain", files={"image": photo}, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 64)


def test_there_is_no_overlay_without_an_image(client: TestClient) -> None:
    answer = client.post("/v1/explain", json={"text": "a"}, headers={"Accept": "image/png"})
    assert answer.status_code == 406


def test_another_class_can_be_explained(client: TestClient) -> None:
    found = client.post("/v1/explain?label=negative", json={"text": "good"}).json()
    assert (found["label"], found["explained"]) == ("positive", "negative")
    unknown = client.post("/v1/explain?label=great", json={"text": "good"})
    assert unknown.status_code == 422
    assert "negative, neutral, positive" in unknown.json()["detail"]


def test_contributions_name_every_modality(client: TestClient) -> None:
    found = client.post("/v1/explain", json={"text": "good"}).json()
    assert found["contributions"] == {"text": 0.2, "image": 0.0}

import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from chiasm.errors import ChiasmError
from chiasm.serving.decoders import Decoders
from chiasm.serving.limits import Limits

from .conftest import image
from .stand_in import StandIn


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than its few bytes hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(6_000, 6_000), (60_000, 60_000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_before_it_is_decoded(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    monkeypatch.setattr(Decoders, "load", lambda *_: pytest.fail("decoded"))
    answer = client.post("/v1/predict", files={"image": bomb(width, height)})
    assert answer.status_code == 422
    assert "25 megapixels" in answer.json()["detail"]


def test_as_many_pixels_as_allowed_are_decoded(serve) -> None:
    with serve(limits=Limits(pixels=100 * 100)) as client:
        ask = lambda size: client.post("/v1/predict", files={"image": image("PNG", size)})  # noqa: E731
        assert ask((100, 100)).status_code == 200
        assert ask((101, 100)).status_code == 422


def test_a_body_is_refused_by_its_declared_or_its_real_size(serve) -> None:
    with serve(limits=Limits(body_bytes=2000)) as client:
        for content in (b"x" * 2001, iter([b"x" * 1000] * 50)):
            answer = client.post(
                "/v1/predict", content=content, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 413
            assert "MiB" in answer.json()["detail"]
        assert client.post("/v1/predict", json={"text": "x" * 1900}).status_code == 200


def test_characters_are_counted(serve) -> None:
    with serve(limits=Limits(characters=10)) as client:
        assert client.post("/v1/predict", json={"text": "👍" * 10}).status_code == 200
        answer = client.post("/v1/predict", json={"text": "👍" * 11})
        assert answer.status_code == 422
        assert "10 characters" in answer.json()["detail"]


@pytest.mark.parametrize("text", [",", '"', "\n", "\x00", "é", "👍"])
def test_a_text_of_anything_is_as_long_as_any(serve, text: str) -> None:
    with serve(limits=Limits(characters=5000)) as client:
        for times, expected in ((5000, 200), (5001, 422), (50_000, 422)):
            for given in (
                {"json": {"text": text * times}},
                {"files": {"text": (None, text * times)}},
            ):
                answer = client.post("/v1/predict", **given)
                assert answer.status_code == expected
                if expected == 422:
                    assert "5,000 characters" in answer.json()["detail"]


@pytest.mark.parametrize("piece", [b"{}", b"0", b'""', b"[]"])
def test_a_parser_is_given_no_more_than_a_row_may_have(serve, piece: bytes) -> None:
    with serve(limits=Limits(characters=5000)) as client:
        for body in (
            b'{"text":[' + b",".join([piece] * 10_000) + b"]}",
            b"{" + b",".join(b'"%d":%b' % (i, piece) for i in range(10_000)) + b"}",
            b"[" + b",".join([piece] * 10_000),
        ):
            for path, kind in (("predict", "json"), ("batch", "jsonl")):
                answer = client.post(
                    f"/v1/{path}", content=body, headers={"Content-Type": f"application/{kind}"}
                )
                told = answer.json()
                told = told.get("error", told)
                assert told["status"] == 422
                assert "more commas than a text" in told["detail"]


def test_seconds_are_told_by_the_header(serve, model: StandIn) -> None:
    soundfile = pytest.importorskip("soundfile")
    model.modalities = ("audio",)
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000 * 3), 8000, format="WAV")
    with serve(limits=Limits(seconds=2)) as client:
        answer = client.post("/v1/predict", files={"audio": file.getvalue()})
        assert answer.status_code == 422
        assert "2 seconds" in answer.json()["detail"]
    with serve(limits=Limits(seconds=4)) as client:
        assert client.post("/v1/predict", files={"audio": file.getvalue()}).status_code == 200
        assert client.post("/v1/predict", files={"audio": b"RIFF"}).status_code == 422


def test_a_full_server_says_429_and_recovers(serve, model: StandIn) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(20)

    model.before = wait
    with serve(limits=Limits(waiting_rows=3)) as client, ThreadPoolExecutor(8) as pool:
        ask = lambda _: client.post("/v1/predict", json={"text": "good"})  # noqa: E731
        first = pool.submit(ask, 0)
        assert begun.wait(20)
        others = [pool.submit(ask, 0) for _ in range(7)]
        refused = [
            f.result() for _, f in zip(range(5), as_completed(others, timeout=20), strict=False)
        ]
        go_on.set()
        statuses = sorted(f.result().status_code for f in (first, *others))
        assert statuses == [200, 200, 200, 429, 429, 429, 429, 429]
        assert all(answer.headers["Retry-After"] == "1" for answer in refused)
        assert ask(0).status_code == 200


def test_bytes_that_wait_are_counted_too(serve) -> None:
    with serve(limits=Limits(waiting_bytes=100)) as client:
        assert client.post("/v1/predict", json={"text": "good"}).status_code == 200
        assert client.post("/v1/predict", json={"text": "g" * 200}).status_code == 429


def test_an_answer_that_takes_too_long_is_given_up(serve, model: StandIn) -> None:
    model.seconds = 0.4
    with serve(limits=Limits(answer_seconds=0.1)) as client:
        answer = client.post("/v1/predict", json={"text": "good"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        model.seconds = 0.0


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_the_content_decides_the_format(client: TestClient, form: str) -> None:
    file = ("photo.pdf", image(form), "application/pdf")
    assert client.post("/v1/predict", files={"image": file}).status_code == 200


@pytest.mark.parametrize("form", ["ICO", "PPM", "TGA", "PDF", "EPS"])
def test_other_formats_are_refused(client: TestClient, form: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, form)
    answer = client.post("/v1/predict", files={"image": ("photo.jpg", file.getvalue())})
    assert answer.status_code == 422
    assert "not an image" in answer.json()["detail"]


def test_what_the_model_takes_must_be_sendable(serve, model: StandIn) -> None:
    model.modalities = ("text", "visual")
    with pytest.raises(ChiasmError, match="visual"):
        serve()

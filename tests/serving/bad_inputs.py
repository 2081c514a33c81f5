"""Requests that no client should send, made from seeds: what each must get is a 4xx."""

import base64
import io
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
ENDPOINTS = ("/v1/predict", "/v1/explain")
_BOUNDARY = "chiasm-boundary"


@dataclass(frozen=True)
class BadInput:
    """A request. ``tolerable``: it may happen to be good (half an image can be an image)."""

    kind: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    tolerable: bool = False


def bad_inputs(count: int, *, seed: int = 0) -> Iterator[BadInput]:
    """``count`` of them, each kind as often as the others."""
    makers = (
        _truncated_image,
        _flipped_image,
        _polyglot,
        _bomb,
        _not_an_image,
        _wrong_type,
        _huge_number,
        _deep,
        _not_utf8,
        _broken_json,
        _broken_form,
        _bad_header,
        _bad_path,
        _bad_method,
        _bad_batch,
    )
    draw = random.Random(seed)
    images = {form: _image(form) for form in FORMATS}
    for i in range(count):
        yield makers[i % len(makers)](draw, images)


def _image(form: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def _send(kind: str, draw: random.Random, image: bytes, *, tolerable: bool = False) -> BadInput:
    """An image as JSON or as a form."""
    path = draw.choice(ENDPOINTS)
    if draw.random() < 0.5:
        body = json.dumps({"image": base64.b64encode(image).decode()}).encode()
        return BadInput(kind, path, body, {"Content-Type": "application/json"}, tolerable=tolerable)
    return BadInput(kind, path, *_form(b"image", image), tolerable=tolerable)


def _form(name: bytes, value: bytes) -> tuple[bytes, dict[str, str]]:
    boundary = _BOUNDARY.encode()
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="../a.jpg"\r\n\r\n'
    body = head % (boundary, name) + value + b"\r\n--" + boundary + b"--\r\n"
    return body, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


def _json(kind: str, draw: random.Random, body: bytes) -> BadInput:
    return BadInput(kind, draw.choice(ENDPOINTS), body, {"Content-Type": "application/json"})


def _truncated_image(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    whole = images[draw.choice(FORMATS)]
    return _send("truncated", draw, whole[: draw.randrange(len(whole))], tolerable=True)


def _flipped_image(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    data = bytearray(images[draw.choice(FORMATS)])
    for _ in range(draw.randrange(1, 30)):
        # Headers are where decoders can be led astray.
        place = draw.randrange(min(len(data), draw.choice((64, 512, len(data)))))
        data[place] = draw.randrange(256)
    return _send("flipped", draw, bytes(data), tolerable=True)


def _polyglot(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    first, second = (images[draw.choice(FORMATS)] for _ in range(2))
    extra = (b"PK\x03\x04" + bytes(200), b"<script>alert(1)</script>", b"%PDF-1.7\n", b"<svg/>")
    cut = draw.randrange(8, len(first))
    data = draw.choice(
        (draw.choice(extra) + first, first[:cut] + second, first + draw.choice(extra))
    )
    return _send("polyglot", draw, data, tolerable=True)


def _bomb(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    width, height = (draw.choice((30_000, 65_535, 2**31 - 1)) for _ in range(2))
    form = draw.choice(("PNG", "GIF", "BMP"))
    data = bytearray(images[form])
    if form == "PNG":
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        data[12:33] = header + struct.pack(">I", zlib.crc32(header))
    elif form == "GIF":
        data[6:10] = struct.pack("<HH", width & 0xFFFF or 1, height & 0xFFFF or 1)
    else:
        data[18:26] = struct.pack("<ii", width, height)
    return _send("bomb", draw, bytes(data), tolerable=form == "GIF")


def _not_an_image(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    data = draw.choice(
        (
            draw.randbytes(draw.randrange(1, 4000)),
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1/'/></svg>",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
            b"P6 10 10 255\n" + bytes(300),
            b"\x00",
        )
    )
    return _send("not an image", draw, data)


def _wrong_type(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    value = draw.choice((1, 1.5, True, [], {}, ["a"], {"a": "b"}, [None] * 50, -0.0))
    name = draw.choice(("text", "image", "audio", "label", "__class__", "", "text\x00"))
    return _json("wrong type", draw, json.dumps({name: value}).encode())


def _huge_number(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    number = draw.choice(("NaN", "Infinity", "-Infinity", "1e400", "9" * 20_000, "1" + "0" * 400))
    return _json("huge number", draw, f'{{"text": {number}}}'.encode())


def _deep(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    depth = draw.choice((300, 5_000, 200_000))
    opening, closing = draw.choice((("[", "]"), ('{"text":', "}")))
    return _json("deep", draw, (opening * depth + '"a"' + closing * depth).encode())


def _not_utf8(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    bad = draw.choice((b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"))
    if draw.random() < 0.5:
        body, headers = _form(b"text", b"good " + bad)
        return BadInput("not UTF-8", draw.choice(ENDPOINTS), body, headers)
    return _json("not UTF-8", draw, b'{"text": "' + bad + b'"}')


def _broken_json(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    whole = b'{"text": "a good mug", "image": null}'
    body = draw.choice(
        (whole[: draw.randrange(len(whole))], whole + b"}", b"'" + whole, b'{"text": "\\ud83d"}')
    )
    return _json("broken JSON", draw, body)


def _broken_form(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    body, headers = _form(draw.choice((b"text", b"image", b"path", b"\xff")), b"\xffgood")
    if draw.random() < 0.7:
        body = body[: draw.randrange(len(body))]
    else:
        headers = {
            "Content-Type": draw.choice(("multipart/form-data", "multipart/form-data; boundary="))
        }
    return BadInput("broken form", draw.choice(ENDPOINTS), body, headers)


def _bad_header(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    headers = draw.choice(
        (
            {"Content-Type": "text/html"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            {"Content-Type": "application/json", "Host": "evil.example"},
            {"Content-Type": "\x7f"},
            {"Content-Type": "image/jpeg"},
        )
    )
    return BadInput("bad header", draw.choice(ENDPOINTS), b'{"text": "good"}', headers)


def _bad_path(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    path = draw.choice(
        (
            "/page/..%2f..%2fcreate_app.py",
            "/page/%2e%2e/%2e%2e/etc/passwd",
            "/v1/predict/",
            "/v1//predict",
            "/v1/predict%00",
            "/%ff%fe",
            "/" + "a" * 4000,
            "/.env",
            "/v1/explain?label=" + "x" * 500,
            "/v1/explain?label=%ff",
        )
    )
    headers = {"Content-Type": "application/json"}
    return BadInput("bad path", path, b'{"text": "good"}', headers)


def _bad_method(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    method = draw.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"))
    return BadInput("bad method", "/v1/predict", b"", method=method)


def _bad_batch(draw: random.Random, images: dict[str, bytes]) -> BadInput:
    """A batch is answered; each of its lines is an error."""
    lines = [_broken_json(draw, images).body.replace(b"\n", b" ") for _ in range(5)]
    lines += [b"[" * 10_000, b'{"image": "AAAA"}', b'{"text": NaN}', b"\x00\xff"]
    body = b"\n".join(line for line in lines if line)
    return BadInput("bad batch", "/v1/batch", body, {"Content-Type": "application/jsonl"})

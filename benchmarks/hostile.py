"""What an attacker sends: files that cost much to decode, connections that cost much to keep."""

import io
import os
import socket
import struct
import threading
import time
import wave
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import numpy as np
from PIL import Image

ATTACKER = "127.0.0.2"
_HEAD = (
    b"POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json%s\r\n"
    b"Content-Length: %d\r\n\r\n"
)


class Attacker:
    """Many clients of one address, until ``stop``; counts the statuses that they are told."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.stop = threading.Event()
        self.statuses: dict[str, int] = {}

    def ask(self, path: str, files: dict[str, Any]) -> None:
        """Send a form again and again."""
        transport = httpx.HTTPTransport(local_address=ATTACKER)
        with httpx.Client(transport=transport, timeout=40) as client:
            while not self.stop.is_set():
                self._note(self._ask(client, path, files))

    def _ask(self, client: httpx.Client, path: str, files: dict[str, Any]) -> str:
        try:
            answer = client.post(f"http://127.0.0.1:{self.port}{path}", files=files)
        except httpx.HTTPError as error:
            time.sleep(0.02)
            return type(error).__name__
        return str(answer.status_code)

    def connect(self) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(5)
        connection.bind((ATTACKER, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def hold(self, begun: bytes, *, drip: bytes = b"") -> None:
        """Open a connection, begin, then send a byte now and then; again when it is ended."""
        while not self.stop.is_set():
            with suppress(OSError), self.connect() as connection:
                connection.sendall(begun)
                while not self.stop.wait(0.2):
                    connection.sendall(drip)
                    if not drip and not connection.recv(1 << 16):
                        break
            self._note("ended")
            time.sleep(0.02)

    def batch_unread(self) -> None:
        """Send batches and read none of their answers."""
        lines = b'{"text": "good"}\n' * 9_000
        with suppress(OSError), self.connect() as connection:
            while not self.stop.is_set():
                connection.sendall(_HEAD % (b"batch", b"l", len(lines)) + lines)

    def _note(self, status: str) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1


def _saved(image: Image.Image, form: str, **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def scans() -> bytes:
    """A progressive JPEG of 25 megapixels, one of whose empty scans comes 16,000 times."""
    data = _saved(Image.new("L", (5000, 4900), 128), "JPEG", progressive=True)
    starts = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    first = next(
        (at, end)
        for at, end in zip(starts, [*starts[1:], len(data) - 2], strict=True)
        if data[at + 5 + 2 * data[at + 4]] > 0 and data[at + 7 + 2 * data[at + 4]] >> 4 == 0
    )
    tables = data.find(b"\xff\xc4", *first)
    scan = data[first[0] : tables if tables > 0 else first[1]]
    return data[: first[0]] + scan * 16_000 + data[first[0] :]


def segments() -> bytes:
    data = _saved(Image.new("L", (8, 8), 128), "JPEG")
    return data[:2] + b"\xff\xe1\x00\x12Exif\0\0AAAAAAAAAA" * 100_000 + data[2:]


def chunks() -> bytes:
    data = _saved(Image.new("L", (8, 8)), "PNG")
    empty = b"\0\0\0\0prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    return data[:33] + empty * 400_000 + data[33:]


def tags() -> bytes:
    entries = b"".join(
        struct.pack("<HHLL", tag, 7, 1 << 31, 8) for tag in range(65_000) if not 253 < tag < 340
    )
    return struct.pack("<2sHLH", b"II", 42, 8, len(entries) // 12) + entries + bytes(4)


def large() -> bytes:
    """25 megapixels with transparency in 40 bytes."""
    return _saved(Image.new("RGBA", (5000, 5000), (1, 2, 3, 100)), "WEBP", lossless=True, quality=0)


def large_jpeg() -> bytes:
    return _saved(Image.new("RGB", (5000, 5000), (1, 2, 3)), "JPEG", progressive=True)


def long_audio(seconds: int = 30) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        written.writeframes(os.urandom(2 * 16_000 * seconds))
    return file.getvalue()


def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    return _saved(Image.fromarray(pixels), "JPEG")


def _form(name: str, make: Callable[[], bytes], path: str) -> Callable[[Attacker], None]:
    content = make()
    return lambda attacker: attacker.ask(path, {name: content})


def attacks() -> dict[str, tuple[int, Callable[[Attacker], None]]]:
    """Each with how many do it at once, and what one of them does."""
    words = {"text": (None, "good " * 3000)}
    everything = {**words, "image": photo(), "audio": long_audio()}
    announced = _HEAD % (b"predict", b"", 16 << 20) + b"{"
    line = _HEAD % (b"batch", b"l", 900_000_000) + b'{"text":"' + b"a" * (15 << 20)
    return {
        "empty scans": (4, _form("image", scans, "/v1/predict")),
        "Exif segments": (4, _form("image", segments, "/v1/predict")),
        "PNG chunks": (4, _form("image", chunks, "/v1/predict")),
        "TIFF tags": (4, _form("image", tags, "/v1/predict")),
        "large images": (4, _form("image", large, "/v1/explain")),
        "large progressive images": (4, _form("image", large_jpeg, "/v1/predict")),
        "explanations": (12, lambda attacker: attacker.ask("/v1/explain", everything)),
        "sounds": (12, lambda attacker: attacker.ask("/v1/predict", everything)),
        "announced bodies": (64, lambda attacker: attacker.hold(announced)),
        "bodies byte by byte": (64, lambda attacker: attacker.hold(announced, drip=b" ")),
        "unfinished lines": (24, lambda attacker: attacker.hold(line, drip=b"a")),
        "heads byte by byte": (200, lambda attacker: attacker.hold(b"GET /", drip=b"a")),
        "idle connections": (1100, lambda attacker: attacker.hold(b"")),
        "answers that nobody reads": (20, lambda attacker: attacker.batch_unread()),
    }

"""Limits: how much one request, and all that wait together, may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Checked before anything is decoded.

    Attributes:
        body_bytes: of a request, and of one line of a batch.
        characters: of a text.
        pixels: of an image, by its header.
        seconds: of an audio clip, by its header.
        batch_rows: lines of one batch.
        waiting_rows: rows that have arrived and are decoded or answered at the same time.
        waiting_bytes: what those rows, and those that still arrive, may hold together.
        receive_seconds: for the head of a request, its body, or a line of a batch; for a client to
            read a piece of the answer.
        receive_rate: bytes a second of a body or a line, once it has arrived for five seconds.
        decode_seconds: for one image or audio.
        answer_seconds: from the whole body to the answer.
    """

    body_bytes: int = 16 << 20
    characters: int = 20_000
    pixels: int = 25_000_000
    seconds: float = 300.0
    batch_rows: int = 10_000
    waiting_rows: int = 256
    waiting_bytes: int = 64 << 20
    receive_seconds: float = 20.0
    receive_rate: float = 1024.0
    decode_seconds: float = 10.0
    answer_seconds: float = 30.0

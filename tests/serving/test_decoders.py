"""Decoders are ended where a value takes too long, too much, or nobody waits for it."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chiasm.errors import UnreadableExample
from chiasm.serving.decoders import Decoders
from chiasm.serving.limits import Limits

from .conftest import image


def process_of(content: bytes) -> int:
    return os.getpid()


def sleep(content: bytes) -> None:
    Path(os.fsdecode(content)).write_text(str(os.getpid()))
    time.sleep(60)


def compute(content: bytes) -> None:
    while True:
        pass


def fill(content: bytes) -> int:
    return len(bytes(8 << 30))


def end(content: bytes) -> None:
    os._exit(3)


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    decoders = Decoders(Limits(decode_seconds=1.0, pixels=1_000_000), processes=1)
    yield decoders
    decoders.close()


async def has_begun(begun: Path) -> None:
    """Wait until ``sleep`` has told its process."""
    while not begun.is_file() or not begun.read_text():
        await asyncio.sleep(0.01)


def load(decoders: Decoders, work: Callable[[bytes], Any], content: bytes = b"a") -> Any:
    return decoders.load(work, "other", content, shown=False)


@pytest.mark.parametrize("work", [compute, fill, end])
def test_what_takes_too_much_is_told_and_the_next_is_decoded(
    work: Callable[[bytes], Any], decoders: Decoders
) -> None:
    async def run() -> None:
        before = (await load(decoders, process_of)).inputs
        with pytest.raises(UnreadableExample, match="takes more"):
            await load(decoders, work)
        assert isinstance((await load(decoders, process_of)).inputs, int)
        assert before != os.getpid()

    asyncio.run(run())


def test_a_request_that_is_given_up_frees_its_decoder(decoders: Decoders, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    slow = Decoders(Limits(decode_seconds=60.0, pixels=1_000_000), processes=1)

    async def run() -> None:
        waiting = asyncio.create_task(load(slow, sleep, os.fsencode(begun)))
        await has_begun(begun)
        waiting.cancel()
        assert (await asyncio.wait_for(load(slow, process_of), 20)).inputs

    try:
        asyncio.run(run())
    finally:
        slow.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_closing_waits_for_no_decoder(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    decoders = Decoders(Limits(decode_seconds=60.0, pixels=1_000_000), processes=1)

    async def run() -> None:
        waiting = asyncio.create_task(load(decoders, sleep, os.fsencode(begun)))
        await has_begun(begun)
        await asyncio.to_thread(decoders.close)
        waiting.cancel()

    asyncio.run(run())
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_the_image_is_shown_small_where_it_is_asked_for(decoders: Decoders) -> None:
    photo = image("PNG", (1500, 1000))
    loaded = asyncio.run(decoders.load(len, "image", photo, shown=True))
    assert loaded.inputs == len(photo)
    assert loaded.image is not None
    assert loaded.image.size == (640, 427)
    assert asyncio.run(decoders.load(len, "image", photo, shown=False)).image is None

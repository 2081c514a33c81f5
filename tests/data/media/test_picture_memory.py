"""What is known of an image is what decoding it tells."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from data_inputs import encode, noise

from chiasm.cache import environment
from chiasm.cache.store import STORE
from chiasm.data.media import image_facts
from chiasm.data.media.facts import ImageFacts
from chiasm.data.media.image_facts import ImageFactsCache, inspect_image
from chiasm.data.reading import read
from chiasm.errors import UnreadableExample

Decoded = list[bytes]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    """The images that were decoded, in order."""
    seen: Decoded = []

    def count(data: bytes) -> ImageFacts:
        seen.append(data)
        return inspect_image(data)

    monkeypatch.setattr(image_facts, "inspect_image", count)
    return seen


def test_known_facts_equal_decoded_ones_and_nothing_is_decoded_again(
    tmp_path: Path, image: Callable[..., Path], decoded: Decoded
) -> None:
    images = [image("a.jpg", 1), image("b.png", 2), encode(noise(3))]
    first, second = ImageFactsCache(tmp_path / "cache"), ImageFactsCache(tmp_path / "cache")
    fresh = [first.inspect(source) for source in images]
    first.keep()
    assert len(decoded) == 3
    assert [second.inspect(source) for source in images] == fresh
    assert fresh == [inspect_image(source) for source in images]
    assert len(decoded) == 3


def test_changed_file_is_decoded(
    tmp_path: Path, image: Callable[..., Path], decoded: Decoded
) -> None:
    path = image("a.png", 1)
    memory = ImageFactsCache(tmp_path / "cache")
    before = memory.inspect(path)
    memory.keep()
    image("a.png", 2)
    after = ImageFactsCache(tmp_path / "cache").inspect(path)
    assert after != before
    assert after == inspect_image(path)
    assert len(decoded) == 2


def test_unreadable_image_is_unreadable_each_time(tmp_path: Path) -> None:
    broken = encode(noise(), "JPEG")[:500]
    for _ in range(2):
        memory = ImageFactsCache(tmp_path / "cache")
        with pytest.raises(UnreadableExample, match="truncated"):
            memory.inspect(broken)
        memory.keep()


def test_facts_whose_bits_changed_are_counted_and_found_out_again(
    tmp_path: Path, decoded: Decoded, caplog: pytest.LogCaptureFixture
) -> None:
    data = encode(noise(7))
    memory = ImageFactsCache(tmp_path)
    facts = memory.inspect(data)
    memory.keep()
    environment.close(tmp_path / STORE)
    file = tmp_path / STORE / "data.mdb"
    content = bytearray(file.read_bytes())
    content[content.index(facts.phash.to_bytes(8, "little"))] ^= 1
    file.write_bytes(content)
    memory = ImageFactsCache(tmp_path)
    assert memory.inspect(data) == facts
    assert len(decoded) == 2
    memory.keep()
    assert "1 of the facts of images in the cache were damaged" in caplog.text
    assert ImageFactsCache(tmp_path).inspect(data) == facts
    assert len(decoded) == 2


def test_without_a_cache_images_are_decoded_and_a_warning_says_so_once(
    tmp_path: Path,
    image: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / "file"))
    image("a.png", 1)
    image("b.png", 2)
    (tmp_path / "data.csv").write_text("text,image,label\nx,a.png,1\ny,b.png,2\n")
    with caplog.at_level(logging.WARNING):
        table = read(tmp_path / "data.csv")
    assert [facts.width for facts in table.facts["image"] if facts] == [64, 64]
    assert caplog.text.count("decoded each time") == 1
    assert "CHIASM_CACHE" in caplog.text


def test_read_decodes_an_image_once_over_two_readings(
    tmp_path: Path, image: Callable[..., Path], decoded: Decoded
) -> None:
    image("a.png", 41)
    (tmp_path / "data.csv").write_text("text,image,label\nx,a.png,1\n")
    assert read(tmp_path / "data.csv").facts == read(tmp_path / "data.csv").facts
    assert len(decoded) == 1

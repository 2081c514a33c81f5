"""Files that are whole, or as they were before, however the process that writes them ends."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chiasm.errors import UnreadableExample
from chiasm.utils.reading import SMALL, read_regular

# What is not yet whole is named so; the next process to write the same takes its place.
PART = ".part"
_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Where to write instead: what is there at the end takes the place of ``path`` at once."""
    part = path.with_name(f"{PART}-{path.name}")
    with suppress(OSError):
        part.unlink()  # whatever it is: to write to a pipe would wait
    try:
        yield part
        _flush(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def atomic_writes(folder: Path, *, seal: str | None = None) -> Iterator[Path]:
    """A new folder to write to instead: its files move to ``folder`` at the end, at one go.

    ``seal`` names the file without which the others are not taken for a whole: of an earlier whole
    it is the first to go, of the new one the last to come.
    """
    part = folder / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        files = sorted(part.iterdir(), key=lambda file: (file.name == seal, file.name))
        for file in files:
            _flush(file)
        if seal is not None:
            (folder / seal).unlink(missing_ok=True)
        for file in files:
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8; bytes of a file's name that are none are shown as numbers."""
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _flush(file: Path) -> None:
    """Have the content on the disk before the name: else a power cut leaves an empty file."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def write_json(content: object, path: Path) -> None:
    """Write a file of indented JSON, in UTF-8; undecodable bytes of a path can be read back."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """What such a file says.

    Raises:
        UnreadableExample: it is no JSON, or as ``read_regular``.
    """
    try:
        return json.loads(read_regular(path, most=SMALL))
    except (ValueError, RecursionError) as error:
        raise UnreadableExample("no JSON") from error

"""The lab's folder: label files that list ids, and one text and one image file for each id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chiasm.data.media.locations import locate_file
from chiasm.data.readers.delimited import read_delimited
from chiasm.data.readers.file_kinds import has_holes, refuse_foreign
from chiasm.data.readers.raw import RawRows, folders_of
from chiasm.data.readers.tabular import TABULAR, read_table
from chiasm.errors import DataError, UnreadableExample
from chiasm.utils.encodings import Detected, decode, detect_encoding
from chiasm.utils.litter import is_litter
from chiasm.utils.reading import read_regular

_TRAIN, _TEST, _DATA = "train.txt", "test_without_label.txt", "data"
_HEADER = "guid,tag"
_IMAGES = (".jpg", ".jpeg", ".png")
# No encoder reads more than the beginning of a text.
_MOST_OF_A_TEXT = 10_000_000


def read_folder(path: Path, *, encoding: str | None, allow_outside: bool) -> RawRows:
    """Read ``train.txt``, then ``test_without_label.txt`` where there is one.

    Raises:
        DataError: the folder does not have that form.
    """
    if not (path / _TRAIN).is_file():
        files = sorted(file for end in TABULAR for file in path.glob(f"*{end}"))
        held = [str(file) for file in files if not is_litter(file)]
        raise DataError(
            f"{path} has no {_TRAIN}. A folder needs {_TRAIN} with the header {_HEADER}, "
            f"and the files {_DATA}/GUID.txt and {_DATA}/GUID.jpg. Rows that are in a CSV, TSV, "
            "JSONL or Parquet file: give that file instead of the folder"
            + (f", such as {held[0]}." if held else ".")
        )
    lists = [path / _TRAIN]
    if (path / _TEST).is_file():
        lists.append(path / _TEST)
    return _read(lists, path, str(path), encoding, allow_outside)


def read_list(path: Path, *, encoding: str | None, allow_outside: bool) -> RawRows:
    """Read one label file, beside which lies the ``data`` folder.

    Raises:
        DataError: the file does not have that form.
    """
    beside = [folder for folder in folders_of(path) if (folder / _DATA).is_dir()]
    folder = beside[0] if beside else path.parent
    return _read([path], folder, str(path), encoding, allow_outside)


def _read(
    lists: Sequence[Path], folder: Path, source: str, encoding: str | None, allow_outside: bool
) -> RawRows:
    listed = [_read_label_file(path) for path in lists]
    files = _index(folder / _DATA)
    contents = {
        name: _read_file(f"{_DATA}/{path.name}", folder, allow_outside)
        for name, path in files.items()
        if name.endswith(".txt")
    }
    # All the texts of the folder, so that a part of its rows is read like the whole.
    readable = [content for content in contents.values() if isinstance(content, bytes)]
    detected = Detected(encoding) if encoding else detect_encoding([*listed, *readable])
    encoding = detected.name

    guids: list[str] = []
    tags: list[str] = []
    broken: dict[int, str] = {}
    for path, content in zip(lists, listed, strict=True):
        listing = _decode(content, encoding)
        if isinstance(listing, UnreadableExample):
            raise DataError(f"{path} cannot be decoded as {encoding}. Give the right `encoding`.")
        rows = read_delimited(path, listing)
        if not {"guid", "tag"} <= rows.columns.keys():
            raise DataError(f"{path} is not written in {encoding}. Give the right `encoding`.")
        broken |= {len(guids) + row: reason for row, reason in rows.broken.items()}
        guids += rows.columns["guid"]
        tags += rows.columns["tag"]

    texts: list[Any] = []
    images: list[Any] = []
    for guid in guids:
        name = guid.strip()
        text = contents.get(f"{name}.txt", UnreadableExample("file not found"))
        texts.append(_decode(text, encoding) if isinstance(text, bytes) else text)
        image = next((files[name + end] for end in _IMAGES if name + end in files), None)
        images.append(image and f"{_DATA}/{image.name}")
    found = {"guid": guids, "text": texts, "tag": tags}
    if any(images):
        found["image"] = images
    return RawRows(
        source,
        found,
        folders=(folder,),
        encoding=detected,
        broken=broken,
        files=(*lists, *(files[name] for name in contents)),
    )


def _decode(content: bytes, encoding: str) -> str | UnreadableExample:
    try:
        return decode(content, encoding)
    except UnicodeError:
        return UnreadableExample("undecodable text")


def _read_label_file(path: Path) -> bytes:
    content = read_table(path)
    refuse_foreign(str(path), content)
    header = content.partition(b"\n")[0].decode(errors="replace").strip("\ufeff\r ")
    if header != _HEADER:
        raise DataError(
            f"{path} begins with {header[:40]!r}; a label file begins with {_HEADER!r}."
        )
    return content


def _index(folder: Path) -> dict[str, Path]:
    """Files by their name, its ending in small letters; ids only ever pick from these."""
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}, where the texts and images should be.")
    files = sorted(path for path in folder.iterdir() if not is_litter(path))
    return {path.stem + path.suffix.lower(): path for path in files}


def _read_file(path: str, folder: Path, allow_outside: bool) -> bytes | UnreadableExample:
    try:
        located = locate_file(path, folders=[folder], allow_outside=allow_outside)
        content = read_regular(located, most=_MOST_OF_A_TEXT)
    except UnreadableExample as error:
        return error
    # Not kept: many of them would fill the memory.
    return UnreadableExample("undecodable text") if has_holes(content) else content

"""What a file is whose ending says that it is a table of text."""

from collections.abc import Mapping

from chiasm.errors import DataError

# No text in any encoding has so many in a row; a file of nothing but holes has.
_ZEROS = bytes(1 << 20)

_PACKED = {
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"\x04\x22\x4d\x18": "compressed (LZ4)",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
}
# Where a tar archive has its mark, behind the name of the first file.
_TAR = slice(257, 262)
_KINDS = {
    b"PK\x03\x04": "a workbook (such as .xlsx) or another zip archive",
    b"PK\x05\x06": "a zip archive of nothing",
    b"\xd0\xcf\x11\xe0": "a workbook of old (.xls) or another Office file",
    b"PAR1": "a Parquet file, whose name has to end in .parquet",
    b"ARROW1": "an Arrow file",
    b"FEA1": "a Feather file",
    b"\x89HDF": "an HDF5 file",
    b"{\\rtf": "a document (RTF)",
    b"SQLite format 3": "a database of SQLite",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x93NUMPY": "an array of NumPy, which `features` takes",
    b"<!doctype html": "a web page, perhaps one that tells why there was nothing to download",
    b"<html": "a web page, perhaps one that tells why there was nothing to download",
}


def refuse_foreign(name: str, content: bytes) -> None:
    """Let pass what does not begin as a file of another kind does, and is no text with holes.

    Raises:
        DataError: it does, or is.
    """
    if has_holes(content):
        raise DataError(
            f"{name} is no text: it has a million zero bytes in a row. Perhaps it was only partly "
            "copied: copy it again."
        )
    refuse_kinds(name, content)


def refuse_kinds(name: str, content: bytes) -> None:
    """Let pass what does not begin as a file does that is no table, or one of another kind.

    Raises:
        DataError: it does.
    """
    begin = content[:16].lstrip(b"\xef\xbb\xbf \r\n\t")
    packed = "a tar archive" if content[_TAR] == b"ustar" else _kind(begin, _PACKED)
    if packed is not None:
        raise DataError(
            f"{name} is {packed}, whatever its name says. Unpack it, and give the CSV, TSV, JSONL "
            "or Parquet that it holds."
        )
    kind = _kind(begin, _KINDS)
    if kind is not None:
        raise DataError(
            f"{name} is {kind}, whatever its name says. Save the rows as CSV, TSV, JSONL or "
            "Parquet, and give that file."
        )


def _kind(begin: bytes, kinds: Mapping[bytes, str]) -> str | None:
    marks = (mark for mark in kinds if begin.startswith(mark) or begin.lower().startswith(mark))
    return next((kinds[mark] for mark in marks), None)


def has_holes(content: bytes) -> bool:
    """Whether a text has more zero bytes in a row than any text can have."""
    return _ZEROS in content

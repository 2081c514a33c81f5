"""What a file is whose ending says that it is a table of text."""

from chiasm.errors import DataError

# No text in any encoding has so many in a row; a file of nothing but holes has.
_ZEROS = bytes(1 << 20)

_KINDS = {
    b"PK\x03\x04": "a workbook (such as .xlsx) or another zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook of old (.xls) or another Office file",
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"PAR1": "a Parquet file, whose name has to end in .parquet",
    b"ARROW1": "an Arrow file",
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
    begin = content[:16].lstrip(b"\xef\xbb\xbf \r\n\t")
    for mark, kind in _KINDS.items():
        if begin.startswith(mark) or begin.lower().startswith(mark):
            raise DataError(
                f"{name} is {kind}, whatever its name says. Save the rows as CSV, TSV, JSONL or "
                "Parquet, and give that file."
            )


def has_holes(content: bytes) -> bool:
    """Whether a text has more zero bytes in a row than any text can have."""
    return _ZEROS in content

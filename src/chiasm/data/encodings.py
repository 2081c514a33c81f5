"""Encodings: one for a whole data set, found from all its bytes together."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence

import charset_normalizer

from chiasm.errors import DataError

# Texts that one vote is taken from: fewer say little, and one broken text spoils only its own vote.
_TEXTS_A_VOTE = 30
_MOST_VOTES = 8
_SURROGATE = re.compile("[\ud800-\udfff]")
# GB18030 reads everything its older subsets read, and more.
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "hz": "gb18030"}


def detect_encoding(parts: Sequence[bytes]) -> str:
    """Name the one encoding of these texts (files, or lines of a file).

    Each text alone tells too little: some of GB18030 are valid UTF-8 by chance. So the non-ASCII
    texts vote together: UTF-8 where it reads most of them, otherwise what charset-normalizer
    makes of large samples of them. A few texts may be broken; they do not sway the others.

    Raises:
        DataError: no encoding reads most of them.
    """
    telling = [part for part in parts if not part.isascii()]
    if _count_read(telling, "utf-8") * 2 >= len(telling):
        return "utf-8"
    step = min(max(1, len(telling) // _TEXTS_A_VOTE), _MOST_VOTES)
    samples = [b"\n".join(telling[start::step]) for start in range(step)]
    guesses = [charset_normalizer.from_bytes(sample).best() for sample in samples]
    votes = Counter(guess.encoding for guess in guesses if guess is not None)
    for name, _ in votes.most_common():
        encoding = _SUPERSETS.get(name, codecs.lookup(name).name)
        if _count_read(telling, encoding) * 2 > len(telling):
            return encoding
    raise DataError(
        f"No encoding reads most of the {len(telling)} non-ASCII texts. Convert the data to UTF-8, "
        "or name its encoding with --encoding (such as gb18030 or cp1252): texts it cannot read "
        "are then marked missing."
    )


def decode(data: bytes, encoding: str) -> str:
    """Decode, with each unreadable byte kept as a lone surrogate for ``is_undecodable`` to find.

    Raises:
        UnicodeError: the encoding, such as UTF-16, cannot leave out single bytes.
    """
    return data.decode(encoding, errors="surrogateescape").removeprefix("\ufeff")


def is_undecodable(text: str) -> bool:
    """Whether the text holds lone surrogates: bytes that were not decoded, or broken emoji."""
    return _SURROGATE.search(text) is not None


def known_encoding(name: str) -> str:
    """The name of a text encoding, as Python spells it.

    Raises:
        DataError: there is no such encoding.
    """
    try:
        "a".encode(name)
    except (LookupError, ValueError) as error:
        raise DataError(
            f"There is no text encoding named {name!r}. Names are such as utf-8, gb18030, cp1252."
        ) from error
    return codecs.lookup(name).name


def _count_read(parts: Sequence[bytes], encoding: str) -> int:
    return sum(_reads(part, encoding) for part in parts)


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True

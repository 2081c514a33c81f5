"""Encodings: one for a whole data set, found from all its bytes together."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chiasm.errors import DataError

# Encodings of today's and yesterday's tables, the usual one first. GB18030 and its like read all
# that their older subsets read, and more.
_LEGACY = (
    *("cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1251", "koi8-r", "koi8-u", "cp1253"),
    *("iso8859-7", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "gb18030", "big5hkscs"),
    *("cp932", "euc-jp", "cp949"),
)
# Of the old Macintosh and of DOS: only where so many different characters speak for them, or all
# others make so many odd.
_OLD = ("mac-roman", "cp850", "cp852", "cp866")
_SPEAKING, _MANY_ODD = 3, 0.6
_USUAL = _LEGACY[0]
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Texts that are looked at, spread over all, and how many bytes of them.
_TEXTS, _BYTES = 2_000, 50_000
# An encoding that reads so many texts fewer than another may still be theirs: some are broken.
_BROKEN = 0.1
# By how much less odd than another must an encoding be to be preferred whatever its letters.
_ODDER = 0.01
_ALONE = 4
# How much likelier than the usual one another must be: more, where a single character tells.
_STRONG, _STRONGER = 1.25, 2.0
# Letters of alphabets other than the Latin one, and those of China, Japan and Korea.
_ALPHABETS = "\u0370-\u052f\u0590-\u06ff\u0e00-\u0e7f"
_FOREIGN = re.compile(f"[{_ALPHABETS}\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_LETTER = r"[^\W\d_]"
_CAPITALS = "".join(filter(str.isupper, map(chr, range(0xC0, 0x180))))
# What people hardly write, and wrong encodings make of what they do.
_ODD = re.compile(
    "|".join(
        (
            # controls, accents without a letter, private letters, lines of boxes, narrow katakana
            "[\x80-\x9f\xa4\xa6\xa8\xac\xaf\xb4\xb8\u02c6-\u02df\ue000-\uf8ff\u2219-\u2321\u2500-\u257f\uff61-\uff9f]",
            # a Spanish mark that begins no word, and another sign between two letters
            rf"[¡¿](?!{_LETTER})",
            rf"(?<={_LETTER})[\xa1-\xa9\xab\xae-\xb1\xb6\xbb\xbf\xd7\xf7\u20ac\u2039\u203a](?={_LETTER})",
            # a quote that is opened within a word
            rf"(?<={_LETTER})[\u2018\u201c\u201e]",
            # a capital after a small letter
            f"(?<=[a-zß-öø-ÿ])[{_CAPITALS}]",
            "(?<=[\u0430-\u045f])[\u0400-\u042f]",
            # a letter of another alphabet in one word with Latin ones
            f"(?<=[A-Za-z])[{_ALPHABETS}]",
            f"[{_ALPHABETS}](?=[A-Za-z])",
        )
    )
)
_ASCII = {*range(128)}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# Below this the likeliest other one is named.
_DOUBTFUL = 0.75
_SAMPLE = 80  # characters
# The header of a table is plain letters, of which so many bytes tell that it is UTF-16.
_FIRST = 8
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Detected:
    """An encoding, and what speaks for it.

    Attributes:
        name: as Python spells it.
        sure: from 0.5 to 1: how likely it is beside the likeliest one that reads the texts
            otherwise; of UTF-8, the part of the texts that it reads.
        other: that one.
        sample: a line that shows whether it is the right one; None: all is ASCII.
    """

    name: str
    sure: float = 1.0
    other: str | None = None
    sample: str | None = None

    @property
    def note(self) -> str | None:
        """What a person should know of it; None: nothing that could be wrong."""
        if self.sample is None or (self.name == "utf-8" and self.sure == 1.0):
            return None
        instead = f" (or {self.other})" if self.other and self.sure < _DOUBTFUL else ""
        return f"{self.sure:.0%} sure{instead}, such as: {self.sample}"


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32, by the mark at the beginning or by the zeros of plain letters."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    first = data[:_FIRST]
    if marked or len(first) < _FIRST:
        return marked
    return {(0, _FIRST // 2): "utf-16-le", (_FIRST // 2, 0): "utf-16-be"}.get(
        (first[::2].count(0), first[1::2].count(0))
    )


def detect_encoding(parts: Sequence[bytes]) -> Detected:
    """Find the one encoding of these texts (files, or lines of a file).

    Each text alone tells too little: some of GB18030 are valid UTF-8 by chance. So all that are
    not ASCII tell together: UTF-8 where it reads most of them; otherwise, of the encodings that
    read as many as any and make nothing odd of them, the one whose letters are the likeliest
    (chardet), or the usual one of Windows where another is hardly likelier. A few texts may be
    broken; they do not sway the others.

    Raises:
        DataError: no encoding reads most of them.
    """
    telling = [part for part in parts if not part.isascii()]
    in_utf_8 = _count_read(telling, "utf-8")
    if 2 * in_utf_8 >= len(telling):
        sure = in_utf_8 / len(telling) if telling else 1.0
        return Detected("utf-8", sure=sure, sample=_sample(telling, "utf-8"))
    spread = telling[:: -(-len(telling) // _TEXTS)]
    reading = {name: _count_read(spread, name) / len(spread) for name in (*_LEGACY, *_OLD)}
    if 2 * max(reading.values()) <= 1:
        raise DataError(
            f"No encoding reads most of the {len(telling)} non-ASCII texts. Convert the data to "
            "UTF-8, or name its encoding with `encoding` (such as gb18030 or cp1252): texts it "
            "cannot read are then marked missing."
        )
    text, possible = _possible(spread, reading)
    likely = _rank(text, possible)
    best = next(iter(likely))
    strong = _STRONGER if len({*text} - _ASCII) == 1 else _STRONG
    if strong * likely.get(_USUAL, 0.0) >= likely[best]:
        best = _USUAL
    other = next((n for n in likely if not _reads_alike(spread, best, n)), None)
    rival = 0.0 if other is None else likely[other]
    sure = likely[best] / (likely[best] + rival)
    return Detected(best, sure=sure, other=other, sample=_sample(telling, best))


def _possible(parts: Sequence[bytes], reading: Mapping[str, float]) -> tuple[bytes, Sequence[str]]:
    """Some bytes, and the encodings that read them and make nothing odd of them."""
    names = [name for name, share in reading.items() if share >= max(reading.values()) - _BROKEN]
    common = [part for part in parts if all(_reads(part, name) for name in names)] or parts
    text = b"\n".join(common[:: -(-sum(map(len, common)) // _BYTES)])
    odd = {name: _oddity(text.decode(name, "ignore")) for name in names}
    if len({*text} - _ASCII) < _SPEAKING:
        modern = {name: found for name, found in odd.items() if name not in _OLD}
        odd = modern if min(modern.values(), default=1.0) < _MANY_ODD else odd
    return text, [name for name in odd if odd[name] <= min(odd.values()) + _ODDER]


def _oddity(text: str) -> float:
    """Which part of the characters beyond ASCII people hardly write, where they stand.

    Letters of another script that stand alone are odd where they are many of it.
    """
    runs = [len(run) for run in _FOREIGN.findall(text)]
    alone = runs.count(1) if _ALONE * runs.count(1) > sum(runs) else 0
    return (len(_ODD.findall(text)) + alone) / max(1, len(_NOT_ASCII.findall(text)))


def _rank(text: bytes, names: Sequence[str]) -> dict[str, float]:
    """How well the letters fit each encoding, the best first."""
    # Here: spelling labels takes no guessing, and an exported model predicts without it.
    import chardet

    found = chardet.detect_all(
        text, ignore_threshold=True, include_encodings=names, no_match_encoding=names[0]
    )
    fits: dict[str, float] = {}
    for one in found:
        if one["encoding"] is not None:
            fits.setdefault(codecs.lookup(one["encoding"]).name, one["confidence"])
    return fits or {names[0]: 1.0}


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


def _sample(parts: Sequence[bytes], encoding: str) -> str | None:
    """The beginning of the first line that is not ASCII and can be read."""
    readable = (part for part in parts if _reads(part, encoding))
    lines = (line for part in readable for line in part.decode(encoding).splitlines())
    found = next((line.strip() for line in lines if not line.isascii()), None)
    return None if found is None else found[:_SAMPLE]


def _reads_alike(parts: Sequence[bytes], one: str, other: str) -> bool:
    return all(part.decode(one, "replace") == part.decode(other, "replace") for part in parts)


def _count_read(parts: Sequence[bytes], encoding: str) -> int:
    return sum(_reads(part, encoding) for part in parts)


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True

"""mutate: a file that is nearly what it was."""

import random
from collections.abc import Callable, Sequence

# What lengths, counts and texts are rarely tested with.
_WORDS = (
    *(b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\x7f"),
    *(b"\x00", b"\xff", b'"', b"\n", b"\r", b",", b"\t", b"{", b"[", b"&a ", b"*a", b"!!", b": "),
    *(b"-1", b"0", b"1e400", b"NaN", b"9" * 30, b"null", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"../"),
)


def mutate(content: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """One to eight changes: flipped, cut, doubled, put in, or taken from another file."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        chance.choice(_CHANGES)(changed, chance, others)
    return bytes(changed)


def _flip(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _set(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    where, word = chance.randrange(len(content) + 1), chance.choice(_WORDS)
    content[where : where + len(word)] = word


def _insert(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    where = chance.randrange(len(content) + 1)
    content[where:where] = chance.choice(_WORDS)


def _cut(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(content) + 1)
    del content[start : start + chance.choice((1, 4, 64, len(content)))]


def _double(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(content) + 1)
    part = content[start : start + chance.choice((1, 8, 64, 1024))]
    content[start:start] = part * chance.choice((1, 2, 50))


def _splice(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    other = chance.choice(others)
    start = chance.randrange(len(other) + 1)
    where = chance.randrange(len(content) + 1)
    content[where : where + chance.choice((0, 64))] = other[start : start + 64]


_CHANGES: tuple[Callable[[bytearray, random.Random, Sequence[bytes]], None], ...] = (
    *(_flip, _flip, _set, _set, _insert, _cut, _double, _splice),
)


def mutate_plain(content: object, chance: random.Random) -> object:
    """The same with what JSON or YAML holds: one value or name, somewhere, is another one."""
    if isinstance(content, dict) and content and chance.random() < 0.9:
        changed = dict(content)
        name = chance.choice(list(changed))
        what = chance.random()
        if what < 0.1:
            del changed[name]
        elif what < 0.2:
            changed[f"{name}x"] = changed.pop(name)
        else:
            changed[name] = mutate_plain(changed[name], chance)
        return changed
    if isinstance(content, list) and content and chance.random() < 0.8:
        changed_list = list(content)
        where = chance.randrange(len(changed_list))
        if chance.random() < 0.3:
            del changed_list[where]
        else:
            changed_list[where] = mutate_plain(changed_list[where], chance)
        return changed_list
    return chance.choice(_PLAIN)


_PLAIN: tuple[object, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 10**6, 10**12, 2**63, 10**400, -0.5, 1e308, 1e-320),
    *(float("nan"), float("inf"), "", "a", "all", "\ud800", "x" * 5000, "../../etc/passwd", "1e9"),
    *([], {}, [[]], [None], ["a", "a"], {"a": {}}, {"": 0}, [[1, 2], [3]], "text->text", "\x00"),
)

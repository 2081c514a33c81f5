"""Settings: typed values from plain ones, and whether they may be what they are."""

import inspect
import math
import re
import reprlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from chiasm.errors import ChiasmError
from chiasm.utils.suggestions import did_you_mean

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}
# A line of the section "Attributes" of a docstring, with those that it goes on in.
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
# A number in YAML 1.2, which PyYAML takes for a text: it wants 2.0e-5.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def parse_config(kind: Any, value: object, *, where: str) -> Any:
    """``value`` as a ``kind``: a dataclass, dict, tuple, Literal, union or scalar type.

    A scalar of NumPy is as good as one of Python. A setting that had another name in what earlier
    versions wrote says so in its field: ``metadata={"formerly": name}``.

    Raises:
        ChiasmError: a value of another kind, or a setting that the dataclass does not have;
            ``where`` says in which place.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if is_dataclass(kind):
        return _read_fields(kind, value, where)
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_union(kind, value, where)
    if origin is Literal and isinstance(value, str) and value in options:
        return value
    if origin is dict and isinstance(value, dict):
        return {
            parse_config(options[0], key, where=f"A name in {where}"): parse_config(
                options[1], item, where=f"{where}.{key}"
            )
            for key, item in value.items()
        }
    if origin is tuple and isinstance(value, list | tuple):
        if options[-1] is not Ellipsis and len(value) != len(options):
            raise ChiasmError(f"{where} has {len(value)} items, and must have {len(options)}.")
        return tuple(parse_config(options[0], item, where=f"An item of {where}") for item in value)
    if kind is float and (
        type(value) is int or (isinstance(value, str) and _EXPONENT.fullmatch(value))
    ):
        value = _as_float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):  # type: ignore[arg-type]
        raise ChiasmError(f"{where} is {_short(value)}, and must be {_say(kind)}.")
    return value


def _short(value: object) -> str:
    """A value in words, cut: in YAML one may be part of another so often that it fills memory."""
    shortened = reprlib.Repr()
    shortened.maxlevel = 2
    return shortened.repr(value)


def _as_float(value: int | str) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _read_fields(kind: Any, value: object, where: str) -> Any:
    if isinstance(value, kind):
        return value
    kinds = get_type_hints(kind)
    if not isinstance(value, dict):
        raise ChiasmError(
            f"{where} is {_short(value)}, and must be a mapping of settings: {', '.join(kinds)}."
        )
    value = _rename(kind, value, where)
    for name in value:
        if name not in kinds:
            raise ChiasmError(
                f"{where} has no setting {name!r}. {did_you_mean(name, kinds)}"
                f"Choose from: {', '.join(kinds)}."
            )
    return kind(
        **{
            name: parse_config(kinds[name], item, where=f"{where}.{name}")
            for name, item in value.items()
        }
    )


def _rename(kind: Any, settings: dict[Any, Any], where: str) -> dict[Any, Any]:
    names = {f.metadata["formerly"]: f.name for f in fields(kind) if "formerly" in f.metadata}
    renamed = {names.get(name, name): item for name, item in settings.items()}
    if len(renamed) < len(settings):
        both = next(f"{old} and {new}" for old, new in names.items() if {old, new} <= {*settings})
        raise ChiasmError(f"{where} has {both}, which are one setting. Give the second alone.")
    return renamed


def setting_names(kind: Any) -> tuple[str, ...]:
    """Every setting of a tree of dataclasses, such as "training.epochs"."""
    return tuple(name for name, _ in _walk(kind))


def describe_settings(kind: Any) -> dict[str, str]:
    """What every setting of a tree of dataclasses is, as their docstrings say it."""
    return {name: _attributes(owner)[name.rpartition(".")[2]] for name, owner in _walk(kind)}


def _walk(kind: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its dotted name, with the dataclass that it is a field of."""
    for name, own in get_type_hints(kind).items():
        if is_dataclass(own):
            yield from _walk(own, f"{before}{name}.")
        else:
            yield f"{before}{name}", kind


def _attributes(kind: Any) -> dict[str, str]:
    said = _ATTRIBUTE.findall(inspect.getdoc(kind) or "")
    return {name: " ".join(text.split()) for name, text in said}


def merge_settings(
    kind: Any, plain: Mapping[str, Any], given: Mapping[str, object], *, where: str
) -> dict[str, Any]:
    """Plain settings of a tree of dataclasses, with those given by their dotted names.

    One of a mapping has the key at its end, as in "encoders.text"; those that are not given stay.

    Raises:
        ChiasmError: there is no such setting.
    """
    merged = dict(plain)
    for name, value in given.items():
        check_setting(kind, name, where=where)
        merged = _set(kind, merged, name.split("."), value, where)
    return merged


def check_setting(kind: Any, name: str, *, where: str, dot: str = ".") -> None:
    """Make sure that a tree of dataclasses has a setting of that name, spelled with that dot.

    Raises:
        ChiasmError: it has none; the nearest one is named.
    """
    known = [one.replace(".", dot) for one in setting_names(kind)]
    first, _, key = name.partition(dot)
    if name in known or (key and get_origin(get_type_hints(kind).get(first)) is dict):
        return
    ends = {one.rpartition(dot)[2]: one for one in known}
    meant = did_you_mean(name, (*known, *ends), stands_for=ends)
    raise ChiasmError(f"{where} has no setting {name!r}. {meant}Choose from: {', '.join(known)}.")


def _set(
    kind: Any, plain: Mapping[str, Any], path: list[str], value: object, where: str
) -> dict[str, Any]:
    plain = _rename(kind, dict(plain), where)
    name, *rest = path
    if not rest:
        return {**plain, name: value}
    inner = plain.get(name, {})
    own = get_type_hints(kind)[name]
    if not isinstance(inner, dict):
        raise ChiasmError(f"{where}.{name} is {_short(inner)}, and must be {_say(own)}.")
    if is_dataclass(own):
        return {**plain, name: _set(own, inner, rest, value, f"{where}.{name}")}
    if name not in plain:
        inner = _default(next(field for field in fields(kind) if field.name == name))
    return {**plain, name: {**inner, ".".join(rest): value}}


def _default(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _read_union(kind: Any, value: object, where: str) -> Any:
    for option in get_args(kind):
        with suppress(ChiasmError):
            return parse_config(option, value, where=where)
    raise ChiasmError(f"{where} is {_short(value)}, and must be {_say(kind)}.")


def _say(kind: Any) -> str:
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(_say(option) for option in options)
    if origin is Literal:
        return " or ".join(map(repr, options))
    if is_dataclass(kind):
        return "a mapping of settings"
    if origin is dict:
        return f"a mapping of names to {_say(options[1])}"
    if origin is tuple:
        return f"a list, each item {_say(options[0])}"
    return _WORDS[kind]


def check_settings(
    settings: Any,
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    above: Collection[str] = (),
    below: Collection[str] = (),
) -> None:
    """Make sure that every field of a frozen dataclass is as its annotation says, and in its range.

    NumPy's numbers become Python's, and lists tuples, so that records of the settings can be
    written and read. ``ranges`` are the least and the largest value of numbers, of which those
    named in ``above`` are larger than the least, and those in ``below`` smaller than the largest;
    None is in every range.

    Raises:
        ChiasmError: a field is not.
    """
    for name, kind in get_type_hints(type(settings)).items():
        value = parse_config(kind, getattr(settings, name), where=name)
        object.__setattr__(settings, name, value)
    for name, (least, most) in (ranges or {}).items():
        value = getattr(settings, name)
        if value is None:
            continue
        allowed = least <= value <= most
        if not allowed or (name in above and value == least) or (name in below and value == most):
            begin = f"above {least:g}" if name in above else f"{least:g} or more"
            end = f", and below {most:g}" if name in below else f", and {most:g} at most"
            end = "" if most == float("inf") else end
            raise ChiasmError(f"{name} is {value!r:.40}, and must be {begin}{end}.")

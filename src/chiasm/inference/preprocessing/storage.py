"""Preprocessing as data, in a manifest."""

from dataclasses import asdict
from typing import Any

from tokenizers import Tokenizer

from chiasm.errors import ChiasmError
from chiasm.inference.preprocessing.base import Preprocessing
from chiasm.inference.preprocessing.feature_vectors import FeatureVectors
from chiasm.inference.preprocessing.log_mel import LogMel
from chiasm.inference.preprocessing.pixels import Pixels
from chiasm.inference.preprocessing.words import Words
from chiasm.utils.config import parse_config

_KINDS: dict[str, type[Pixels | LogMel | FeatureVectors]] = {
    "pixels": Pixels,
    "log_mel": LogMel,
    "vectors": FeatureVectors,
}
_WORDS = "words"
_MOST = 100_000


def describe_preprocessing(preprocessing: Preprocessing) -> dict[str, Any]:
    """Its kind and settings; a tokenizer is a file of its own."""
    if isinstance(preprocessing, Words):
        return {"kind": _WORDS}
    (kind,) = (kind for kind, made in _KINDS.items() if isinstance(preprocessing, made))
    return {"kind": kind, **asdict(preprocessing)}  # type: ignore[call-overload]


def restore_preprocessing(
    described: dict[str, Any], *, tokenizer: Tokenizer | None
) -> Preprocessing:
    """The preprocessing that was described.

    Raises:
        KeyError, TypeError, ValueError: there is none of that kind, or with such settings.
    """
    settings = dict(described)
    kind = settings.pop("kind")
    if kind == _WORDS and tokenizer is not None:
        return Words(tokenizer)
    _check(settings)
    try:
        made: Preprocessing = parse_config(_KINDS[kind], settings, where=kind)
    except ChiasmError as error:
        raise ValueError(str(error)) from error
    return made


def _check(settings: Any) -> None:
    """Raise ValueError where a number is none that an image or an audio clip can need."""
    if isinstance(settings, dict):
        settings = list(settings.values())
    if isinstance(settings, list):
        for each in settings:
            _check(each)
    elif isinstance(settings, int | float) and not abs(settings) <= _MOST:
        raise ValueError(f"a number is {settings}")

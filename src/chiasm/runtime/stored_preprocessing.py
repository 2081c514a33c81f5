"""Preprocessing as data, in a manifest."""

from dataclasses import asdict
from typing import Any

from tokenizers import Tokenizer

from chiasm.encoders.preprocessing.base import Preprocessing
from chiasm.encoders.preprocessing.feature_vectors import FeatureVectors
from chiasm.encoders.preprocessing.log_mel import LogMel
from chiasm.encoders.preprocessing.pixels import Pixels
from chiasm.encoders.preprocessing.words import Words

_KINDS: dict[str, type[Pixels | LogMel | FeatureVectors]] = {
    "pixels": Pixels,
    "log_mel": LogMel,
    "vectors": FeatureVectors,
}
_WORDS = "words"


def describe_preprocessing(preprocessing: Preprocessing) -> dict[str, Any]:
    """Its kind and settings; a tokenizer is a file of its own."""
    if isinstance(preprocessing, Words):
        return {"kind": _WORDS}
    (kind,) = (kind for kind, made in _KINDS.items() if isinstance(preprocessing, made))
    return {"kind": kind, **asdict(preprocessing)}  # type: ignore[call-overload]


def restore_preprocessing(
    described: dict[str, Any], *, tokenizer: Tokenizer | None
) -> Preprocessing:
    """The preprocessing that was described; KeyError, TypeError or ValueError if it is none."""
    settings = {name: _frozen(setting) for name, setting in described.items()}
    kind = settings.pop("kind")
    if kind == _WORDS and tokenizer is not None:
        return Words(tokenizer)
    return _KINDS[kind](**settings)


def _frozen(setting: Any) -> Any:
    return tuple(setting) if isinstance(setting, list) else setting

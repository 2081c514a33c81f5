"""A model as a folder: config.json, model.safetensors and a model card."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from chiasm.encoders.encoder_config import encoder_config, load_from_config
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.registry import parse_task
from chiasm.utils.config import parse_config
from chiasm.utils.outputs import check_decodable
from chiasm.utils.reading import SMALL, open_own, open_regular, read_own, refuse_holes
from chiasm.utils.writing import atomic_write, atomic_writes, write_json, write_text

_FORMAT = 1
CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_CARD = "README.md"
# What building a model of a configuration raises that is not as it was written.
_BROKEN = (
    *(OSError, UnreadableExample, RuntimeError, LookupError),
    *(TypeError, ValueError, AttributeError, ArithmeticError),
)


def save_model(model: FusionClassifier, folder: Path, *, card: str) -> None:
    """Write the model; the frozen layers are written as name and fingerprint, not as copies.

    A model that is there already stays until this one is whole.

    Raises:
        OSError: such as a full disk.
    """
    config = {
        "format": _FORMAT,
        **model.task.config(),
        "encoders": {m: encoder_config(encoder) for m, encoder in model.encoders.items()},
        "fusion": asdict(model.fusion_config),
    }
    with atomic_writes(folder, seal=CONFIG) as part:
        write_tensors(model.state_dict(), part / _WEIGHTS)
        write_text(part / _CARD, card)
        write_json(config, part / CONFIG)


def load_model(folder: Path) -> FusionClassifier:
    """Read a model back, and check that its encoders are those it was trained with.

    Raises:
        ChiasmError: the folder holds no whole model that this version can read.
        EncoderError: an encoder cannot be had, or gives other tokens than in training.
    """
    config = read_config(folder)
    try:
        model = _build(config)
        open_own(folder, _WEIGHTS).close()
        model.load_state_dict(read_tensors(folder / _WEIGHTS))
    except _BROKEN as error:
        raise ChiasmError(
            f"The model in {folder} is not whole: its {CONFIG} or {_WEIGHTS} is missing, cut or "
            f"of another model ({type(error).__name__}). Copy the folder again, or train anew."
        ) from error
    return model.eval()


def read_card(folder: Path) -> str:
    """The model card that was written with a model; nothing where it was taken away."""
    try:
        return read_own(folder, _CARD, most=SMALL).decode()
    except (UnreadableExample, UnicodeDecodeError):
        return ""


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a model.

    Raises:
        ChiasmError: there is none, or none that this version can read.
    """
    check_decodable(folder)
    try:
        config = json.loads(read_own(folder, CONFIG, most=SMALL))
    except (UnreadableExample, ValueError, RecursionError) as error:
        raise ChiasmError(
            f"There is no model in {folder}: it has no readable {CONFIG}. Give the folder that "
            "chiasm train wrote."
        ) from error
    if not isinstance(config, dict) or config.get("format") != _FORMAT:
        raise ChiasmError(
            f"{folder / CONFIG} is not of a form that this version of chiasm reads "
            f"(format {_FORMAT}). Train the model again, or use the version that wrote it."
        )
    return config


def _build(config: dict[str, Any]) -> FusionClassifier:
    encoders = {m: load_from_config(m, each) for m, each in config["encoders"].items()}
    fusion = parse_config(FusionConfig, config["fusion"], where="fusion")
    return FusionClassifier(encoders=encoders, fusion=fusion, task=parse_task(config))


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write them all, or leave what was there.

    Raises:
        OSError: such as a full disk.
    """
    with atomic_write(path) as part:
        try:
            save_file(dict(tensors), part, metadata=dict(metadata or {}))
        except SafetensorError as error:
            raise OSError(f"{path} cannot be written: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a file.

    Raises:
        ChiasmError: it is none of tensors, cut, sparse or no regular file.
    """
    with _told(path):
        return load_file(path)


def read_metadata(path: Path) -> dict[str, str]:
    """What was noted beside the tensors of a file.

    Raises:
        ChiasmError: as ``read_tensors``.
    """
    with _told(path), safe_open(path, framework="pt") as file:
        return file.metadata() or {}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        with open_regular(path) as file:
            refuse_holes(file)
        yield
    except (UnreadableExample, SafetensorError, OSError) as error:
        raise ChiasmError(
            f"{path} is not as it was written ({error}). Copy its folder again, or train anew."
        ) from error

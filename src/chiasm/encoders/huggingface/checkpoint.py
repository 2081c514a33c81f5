"""Checkpoints in the Hugging Face layout: where they lie and what they hold."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging

from chiasm.data.media.kinds import Kind
from chiasm.errors import EncoderError, UnreachableEncoder, UnreadableExample
from chiasm.utils.digests import digest_of_weights
from chiasm.utils.litter import is_litter
from chiasm.utils.quiet import quiet
from chiasm.utils.reading import SMALL, open_regular, read_regular, refuse_holes

# Raised whenever the code of this folder would give other tokens from the same files.
_FORMAT = 2
_SETTINGS = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_TOWERS: dict[Kind, tuple[str, ...]] = {
    "text": ("text_model",),
    "image": ("vision_model", "image_model"),
    "audio": (),
}
_INPUTS: dict[Kind, tuple[str, ...]] = {
    "text": ("input_ids",),
    "image": ("pixel_values",),
    "audio": ("input_values", "input_features"),
}
_PACKAGED = (
    "the packaged encoders: minilm (text), efficientnet-lite0 or efficientnet-lite2 (image), "
    "whisper-tiny (audio)"
)
# Weights that many checkpoints lack and that the tokens never depend on: the pooler stands after
# them, the embedding of masked frames serves pretraining.
_UNUSED = ("pooler", "masked_spec_embed")


def fetch_checkpoint(name: str, *, revision: str | None = None) -> Path:
    """A copy of a hub's model, fetched where it is not here yet: a folder named after its commit.

    Raises:
        EncoderError: there is no such model, or the hub cannot be reached.
    """
    for weights in _WEIGHTS:
        copy = _fetch(name, (*_SETTINGS, weights), revision)
        if any(copy.glob(weights)):
            return copy
    raise EncoderError(f"The model {name!r} has no weights for PyTorch on the hub.")


def _fetch(name: str, patterns: tuple[str, ...], revision: str | None) -> Path:
    try:
        copy = snapshot_download(
            name, revision=revision, allow_patterns=list(patterns), ignore_patterns=["*/*"]
        )
    except HFValidationError as error:
        raise EncoderError(
            f"{name!r} is neither a packaged encoder, nor a local folder, nor a possible name on "
            f"the Hugging Face hub. Look for a slip in the path, or use {_PACKAGED}."
        ) from error
    except HfHubHTTPError as error:
        raise EncoderError(f"The hub did not give the model {name!r}: {error}") from error
    except (LocalEntryNotFoundError, IncompleteSnapshotError, OfflineModeIsEnabled) as error:
        raise UnreachableEncoder(
            f"The model {name!r} is not on this machine and the Hugging Face hub could not be "
            f"reached. Give the path of a local folder that holds it, or use {_PACKAGED}."
        ) from error
    return Path(copy)


def fingerprint_of(folder: Path, *settings: object) -> str:
    """Digest of everything that decides the tokens: files of the model, settings, this code."""
    digest = hashlib.sha256(repr((_FORMAT, *settings)).encode())
    for path in _files(folder, *_SETTINGS, *_WEIGHTS):
        digest.update(f"{path.name}={digest_of_weights(path)};".encode())
    return digest.hexdigest()


def _files(folder: Path, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(path for path in folder.glob(pattern) if not is_litter(path))


def load_network(folder: Path, *, name: str, kind: Kind, random_init: bool = False) -> nn.Module:
    """The frozen float32 network that reads values of one kind: of a dual encoder, only its tower.

    With ``random_init`` it has that form, and weights as before any training.

    Raises:
        EncoderError: the folder holds no such network, or not all of its weights.
    """
    _refuse_odd_weights(folder)
    try:
        with _without_notices():
            network, facts = AutoModel.from_pretrained(
                folder,
                dtype=torch.float32,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except UnpicklingError as error:
        raise EncoderError(
            f"Refused the weights of {name!r}: they are a pickle that could run code. Use a copy "
            "of the model in the safetensors format."
        ) from error
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        raise EncoderError(f"The model {name!r} cannot be loaded: {error}") from error
    missing = sorted(
        key for key in facts["missing_keys"] if not any(unused in key for unused in _UNUSED)
    )
    if missing:
        raise EncoderError(
            f"The weights of {name!r} are not those of its config.json: {len(missing)} are "
            f"missing, the first is {missing[0]!r}."
        )
    if random_init:
        network = type(network)(network.config)
    model_type = network.config.model_type
    network = tower_of(network, kind)
    takes = getattr(network, "main_input_name", "something else")
    if takes not in _INPUTS[kind]:
        raise EncoderError(
            f"The model {name!r} ({model_type}) takes {takes}: it is no encoder for the "
            f"modality {kind!r}."
        )
    frozen: nn.Module = network.eval().requires_grad_(False)
    return frozen


def _refuse_odd_weights(folder: Path) -> None:
    """Let pass a folder whose weights can be read to their end, and have a part in its digest.

    Raises:
        EncoderError: there are none, or one of them is no regular file, sparse, or of another name
            than weights have.
    """
    try:
        weights = list(_files(folder, *_WEIGHTS))
        for path in weights:
            with open_regular(path) as file:
                refuse_holes(file)
        for path in _files(folder, "*.index.json"):
            for part in _parts(path):
                # One that is not there is of no use: a hub's folder may have two indices.
                if folder / part not in weights and os.path.lexists(folder / part):
                    raise UnreadableExample(f"{part!r} is no name that weights have")
    except UnreadableExample as error:
        raise EncoderError(f"{path}: {error}. Copy the encoder's folder again.") from error
    if not weights:
        raise EncoderError(
            f"{folder} holds no weights for PyTorch (model.safetensors or pytorch_model.bin), so "
            f"it is no encoder. Give a folder with its config.json and weights, or use {_PACKAGED}."
        )


def _parts(index: Path) -> list[str]:
    """The files that an index of weights names; none where it is no index."""
    try:
        return list(map(str, json.loads(read_regular(index, most=SMALL))["weight_map"].values()))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # the library says what is wrong with it


@contextmanager
def first_trial(name: str, kind: Kind, network: Any) -> Iterator[None]:
    """Turn whatever a network or its preparation raises on a first value into words.

    Raises:
        EncoderError: it raised something.
    """
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:  # the code of any model, on inputs that it may not take
        raise EncoderError(
            f"The {kind} encoder {name!r} ({network.config.model_type}) cannot be used: the "
            f"first {kind} that it was given ended in {type(error).__name__}: {error}. Choose "
            "an encoder that takes nothing else and gives its last hidden states."
        ) from error


def tower_of(network: Any, kind: Kind) -> Any:
    for tower in _TOWERS[kind]:
        if isinstance(getattr(network, tower, None), PreTrainedModel):
            return getattr(network, tower)
    return network.get_encoder() if network.config.is_encoder_decoder else network


@contextmanager
def _without_notices() -> Iterator[None]:
    """Without the progress bar and the table of unused weights that loading prints."""
    has_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with quiet("transformers"):
            yield
    finally:
        if has_bar:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]

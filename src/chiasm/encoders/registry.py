"""Encoders by name."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from chiasm.data.media.kinds import Kind, default_kind
from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.errors import EncoderError, UnreadableExample
from chiasm.utils.reading import SMALL, read_regular

# All classes by name, since those that a run has no use for take seconds to import.
_PACKAGED: dict[Kind, dict[str, tuple[str, dict[str, Any]]]] = {
    "text": {"minilm": ("chiasm.encoders.packaged.minilm:MiniLM", {})},
    "image": {
        name: ("chiasm.encoders.packaged.efficientnet:EfficientNetEncoder", {"name": name})
        for name in ("efficientnet-lite0", "efficientnet-lite2")
    },
    "audio": {
        "whisper-tiny": ("chiasm.encoders.packaged.whisper:WhisperEncoder", {}),
        "whisper-tiny-last": (
            "chiasm.encoders.packaged.whisper:WhisperEncoder",
            {"layers": "last"},
        ),
    },
}
_VECTORS = "chiasm.encoders.precomputed:Precomputed"
_HUGGING_FACE: dict[Kind, str] = {
    "text": "chiasm.encoders.huggingface.text:HuggingFaceText",
    "image": "chiasm.encoders.huggingface.image:HuggingFaceImage",
    "audio": "chiasm.encoders.huggingface.audio:HuggingFaceAudio",
}

# Of a tokenizer with hundreds of thousands of words.
_MOST_OF_A_VOCABULARY = 200_000_000
# The kinds whose encoders can be trained with the fusion.
_TUNABLE: tuple[Kind, ...] = ("text", "image")
_PRECOMPUTED = re.compile(r"precomputed-([1-9]\d*)")


def precomputed_name(width: int) -> str:
    """What the encoder of vectors of this length is called."""
    return f"precomputed-{width}"


def precomputed_width(name: str) -> int | None:
    """The length of the vectors that an encoder of this name takes; None: it is another kind."""
    match = _PRECOMPUTED.fullmatch(name)
    return None if match is None else int(match[1])


def load_encoder(
    modality: str,
    name: str,
    *,
    kind: Kind | None = None,
    trainable_blocks: TrainableBlocks = 0,
    random_init: bool = False,
    lora: int = 0,
    max_seconds: float | None = None,
    revision: str | None = None,
) -> Encoder:
    """The encoder of that name: packaged, a local folder, or a model of the Hugging Face hub.

    ``modality`` is the name of what it is to read, ``kind`` what that is; None: as the name says
    (see ``default_kind``). ``max_seconds`` is for encoders of audio; None: 30, or less where the
    model hears less.

    Raises:
        EncoderError: no such kind or model, its weights cannot be had or are not the known
            ones, it cannot be split at ``trainable_blocks``, or not start from random weights:
            only image encoders do, trained as a whole; or it cannot be tuned by updates of rank
            ``lora``: only blocks of transformers are.
    """
    if lora and modality in _TUNABLE and (trainable_blocks == 0 or random_init):
        state = "random weights" if random_init else "no trainable blocks"
        raise EncoderError(
            f"The {modality} encoder {name!r} was asked for with {state} and LoRA. LoRA updates "
            "published weights, in the blocks that are trained: give the number of "
            "`trainable_blocks` or all."
        )
    encoder = _load(
        modality,
        name,
        kind=default_kind(modality) if kind is None else kind,
        trainable_blocks=trainable_blocks,
        random_init=random_init,
        lora=lora,
        max_seconds=max_seconds,
        revision=revision,
    )
    if lora:
        from chiasm.encoders.trainable.lora import add_lora

        add_lora(encoder, rank=lora)
    return encoder


def _load(
    modality: str,
    name: str,
    *,
    kind: Kind,
    trainable_blocks: TrainableBlocks,
    random_init: bool,
    lora: int,
    max_seconds: float | None,
    revision: str | None,
) -> Encoder:
    width = precomputed_width(name)
    if width is not None:
        precomputed: Callable[..., Encoder] = resolve_name(_VECTORS)
        return precomputed(modality=modality, width=width)
    if kind not in _PACKAGED:
        raise EncoderError(
            f"There is no encoder for the modality {modality!r}. Choose from: "
            f"{', '.join(_PACKAGED)}."
        )
    if (trainable_blocks != 0 or lora) and kind not in _TUNABLE:
        raise EncoderError(
            f"Encoders of the modality {modality!r} are frozen: leave trainable blocks at 0, and "
            "LoRA out."
        )
    if random_init and (kind != "image" or trainable_blocks != "all"):
        raise EncoderError(
            f"The {modality} encoder {name!r} was asked for with random weights and "
            f"{trainable_blocks} trainable blocks. Only image encoders start from random weights, "
            "with all blocks trained."
        )
    settings = {
        "modality": modality,
        "trainable_blocks": trainable_blocks,
        "random_init": random_init,
        "max_seconds": max_seconds,
    }
    given = {name: setting for name, setting in settings.items() if setting}
    if name in _PACKAGED[kind]:
        if revision is not None:
            raise EncoderError(f"{name!r} is packaged and has no revisions: leave revision out.")
        made_by, own = _PACKAGED[kind][name]
        packaged: Callable[..., Encoder] = resolve_name(made_by)
        return packaged(**own, **given)
    network: Callable[..., Encoder] = resolve_name(_HUGGING_FACE[kind])
    _refuse_other_names(name, kind)
    folder = Path(name).expanduser()
    _refuse_odd_files(folder)
    _refuse_other_models(folder, kind)
    if not folder.is_dir():
        from chiasm.encoders.huggingface.checkpoint import fetch_checkpoint

        copy = fetch_checkpoint(name, revision=revision)
        return network(copy, name=name, revision=copy.name, **given)
    if revision is not None:
        raise EncoderError(f"{name!r} is a local folder and has no revisions: leave revision out.")
    # The whole path, so that a saved model finds its encoder from any working folder.
    return network(folder, name=str(folder.resolve()), **given)


def _refuse_odd_files(folder: Path) -> None:
    """Let pass a folder all of whose files the library can read to their end, and what is no path.

    Raises:
        EncoderError: one is no regular file, or settings or a vocabulary too large for what it is.
    """
    if not folder.is_dir():
        return
    try:
        for file in sorted(folder.iterdir()):
            # Vocabularies of older tokenizers are texts, and models of SentencePiece.
            if file.suffix in (".json", ".txt", ".model"):
                read_regular(file, most=_MOST_OF_A_VOCABULARY)
            elif file.exists() and not file.is_file() and not file.is_dir():
                raise UnreadableExample("not a regular file")
    except UnreadableExample as error:
        raise EncoderError(f"{file}: {error}. Copy the encoder's folder again.") from error
    except OSError as error:
        raise EncoderError(f"The encoder's folder {folder} cannot be read: {error}.") from error


def _refuse_other_names(name: str, kind: Kind) -> None:
    """Let pass what may be a path or the name of a model on the hub.

    Raises:
        EncoderError: it is empty, or a packaged encoder of another kind.
    """
    if not name.strip():
        raise EncoderError(f"The name of the {kind} encoder is empty. {_instead(kind)}")
    for other, packaged in _PACKAGED.items():
        if name in packaged:
            raise EncoderError(
                f"{name!r} is an encoder of the modality {other!r}, and not of {kind!r}. "
                f"{_instead(kind)}"
            )


def _refuse_other_models(path: Path, kind: Kind) -> None:
    """Let pass a folder that may hold an encoder, and what is no path.

    Raises:
        EncoderError: it is a file, a folder that chiasm train or chiasm export wrote, or one that
            lacks a config.json.
    """
    instead = _instead(kind)
    if path.is_file():
        raise EncoderError(f"{path} is a file, and weights alone are no {kind} encoder. {instead}")
    if not path.is_dir():
        return
    if (path / "manifest.json").is_file():
        raise EncoderError(f"{path} is a model that chiasm export wrote, and no encoder. {instead}")
    if not (path / "config.json").is_file():
        raise EncoderError(f"{path} has no config.json, so it is no {kind} encoder. {instead}")
    with suppress(UnreadableExample, ValueError, RecursionError):
        config = json.loads(read_regular(path / "config.json", most=SMALL))
        if isinstance(config, dict) and config.keys() >= {"classes", "encoders", "fusion"}:
            raise EncoderError(
                f"{path} is a model that chiasm train wrote, and no encoder. {instead}"
            )


def _instead(kind: Kind) -> str:
    return (
        f"Give a packaged encoder ({', '.join(_PACKAGED[kind])}), the name of a model on the "
        "Hugging Face hub, or a folder with its config.json and weights."
    )

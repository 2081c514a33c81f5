"""Manifest: what an exported folder holds."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chiasm.data.media.kinds import KINDS, Kind, default_kind
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.tasks.base import Task
from chiasm.tasks.registry import parse_task
from chiasm.utils.digests import digest_of
from chiasm.utils.outputs import check_decodable
from chiasm.utils.reading import SMALL, open_own, read_own
from chiasm.utils.writing import write_json

FORMAT = 1
MANIFEST = "manifest.json"
# Of a width, or of the rows of a grid.
_MOST = 1_000_000
# What reading a manifest raises that is not as it was written.
BROKEN = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class ModalityManifest:
    """One modality of an exported model.

    Attributes:
        kind: what its values are.
        network: the file of its encoder.
        dim: width of the encoder's tokens.
        preprocessing: its kind and settings.
        grid: rows and columns of the tokens of an image, row by row.
        tokenizer: the file of a text's tokenizer.
    """

    kind: Kind
    network: str
    dim: int
    preprocessing: dict[str, Any]
    grid: tuple[int, int] | None = None
    tokenizer: str | None = None


@dataclass(frozen=True)
class Manifest:
    """An exported model, without the content of its files.

    Attributes:
        name: the fusion and the encoders in a few words.
        chiasm: the version that wrote it.
        precision: "fp32" or "int8".
        fusion: the file of the fusion and the head.
        files: SHA-256 of every file.
        task: what is predicted.
    """

    name: str
    chiasm: str
    precision: str
    temperature: float
    modalities: dict[str, ModalityManifest]
    fusion: str
    files: dict[str, str]
    task: Task


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write it beside the files that it names."""
    write_json({"format": FORMAT, **asdict(manifest), **manifest.task.config()}, folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder, all of whose files are those it was written with.

    Raises:
        ChiasmError: there is none, it is of another format, or a file is missing or another one.
    """
    check_decodable(folder)
    try:
        content = json.loads(read_own(folder, MANIFEST, most=SMALL))
    except (UnreadableExample, ValueError, RecursionError) as error:
        raise ChiasmError(
            f"There is no exported model in {folder}: it has no readable {MANIFEST} ({error}). "
            "Give the folder that chiasm export wrote."
        ) from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ChiasmError(
            f"{folder / MANIFEST} is not of a form that this version of chiasm reads (format "
            f"{FORMAT}). Export the model again, or use the version that wrote it."
        )
    try:
        manifest = _parse(content)
    except BROKEN as error:
        raise not_whole(folder, error) from error
    _check_files(folder, manifest.files)
    return manifest


def not_whole(folder: Path, error: Exception) -> ChiasmError:
    """What to say where the content of a manifest cannot be used."""
    return ChiasmError(
        f"{folder / MANIFEST} is not whole ({error}). Copy the folder again, or export anew."
    )


def _parse(content: dict[str, Any]) -> Manifest:
    modalities = {
        # Earlier versions, whose modalities were named as their kind, wrote none.
        modality: ModalityManifest(
            **{"kind": default_kind(modality), **described, "grid": _pair(described["grid"])}
        )
        for modality, described in content.pop("modalities").items()
    }
    task = parse_task(content)
    rest = {name: told for name, told in content.items() if name not in task.config()}
    manifest = Manifest(**rest, task=task, modalities=modalities)
    named = {manifest.fusion}
    for modality in modalities.values():
        named |= {modality.network, modality.tokenizer or modality.network}
    _check_values(manifest)
    if named != set(manifest.files) or any(Path(name).name != name for name in named):
        raise ValueError("the files it lists are not those that it uses")
    return manifest


def _check_values(manifest: Manifest) -> None:
    texts = (manifest.name, manifest.chiasm, manifest.precision, *manifest.files.values())
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("something is no text that must be one")
    if not (0 < manifest.temperature < math.inf):
        raise ValueError(f"the temperature is {manifest.temperature}")
    for modality, described in manifest.modalities.items():
        if not modality.isidentifier():
            raise ValueError(f"a modality is called {modality!r}")
        if described.kind not in KINDS:
            raise ValueError(f"the kind of the {modality} is {described.kind!r}")
        sides = [described.dim, *(described.grid or ())]
        if not all(type(side) is int and 0 < side <= _MOST for side in sides):
            raise ValueError(f"the {modality} has the sizes {sides}")
    if len(set(manifest.task.classes)) < len(manifest.task.classes):
        raise ValueError("the classes are not texts, each once")


def _pair(numbers: Any) -> tuple[int, int] | None:
    if numbers is None:
        return None
    first, second = numbers
    return first, second


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, expected in files.items():
        try:
            with open_own(folder, name):
                found = digest_of(folder / name).hex()
        except UnreadableExample as error:
            raise ChiasmError(
                f"{folder / name}: {error}. Copy the folder again, or export anew."
            ) from error
        if found != expected:
            raise ChiasmError(
                f"Refused {folder / name}: its SHA-256 is {found}, that of {MANIFEST} is "
                f"{expected}. Copy the folder again, or export anew."
            )

"""Tensor files: weights in the safetensors format."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.regular_files import open_regular, refuse_holes
from chiasm.whole_files import written_whole


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write them all, or leave what was there.

    Raises:
        OSError: such as a full disk.
    """
    with written_whole(path) as part:
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

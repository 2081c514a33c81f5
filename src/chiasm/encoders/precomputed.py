"""Precomputed: features that were computed elsewhere, as the tokens of a modality."""

import struct
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from chiasm.data.media.facts import Value, Vectors
from chiasm.data.media.vectors import WIDEST
from chiasm.encoders.base import Encoder
from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.features.store import Features
from chiasm.encoders.registry import precomputed_name
from chiasm.encoders.standardise import Standardise
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import EncoderError
from chiasm.inference.preprocessing.feature_vectors import FeatureVectors

_FORMAT = 1
# First vector of a row, and the one after its last.
_SPAN = struct.Struct("<QQ")
_DIM = 128


class Precomputed(Encoder):
    """Takes the vectors ``[l, d]`` of a row as they are, and trains a linear layer over each.

    The frozen part is the identity. What is trained standardises each feature, since raw ones have
    any scale, and maps the d of them to 128.

    Args:
        modality: what the features are called in the table.
        width: d.

    Raises:
        EncoderError: a model cannot have a part of that name, or of such width.
    """

    kind = "vector"
    trainable_blocks = 1
    dim = _DIM

    def __init__(self, *, modality: str, width: int) -> None:
        # A model keeps its parts by modality, beside what every module has.
        if hasattr(nn.ModuleDict(), modality):
            raise EncoderError(
                f"Features cannot be named {modality!r}, which means something else inside of a "
                "model. Choose another name in `features`."
            )
        if width > WIDEST:
            raise EncoderError(
                f"The features {modality!r} have {width:,} numbers a vector; {WIDEST:,} are the "
                "most that a model takes. Make fewer of them, for example by principal components."
            )
        self.name = precomputed_name(width)
        self.modality = modality
        self.frozen_dim = width
        self._preprocessing = FeatureVectors(modality, width)
        self.fingerprint = f"{self.name} format {_FORMAT}"
        self.trainable_layers = _TrainableLayers(width, _DIM)

    def load(self, value: Vectors) -> Tensor:
        """The vectors in float32.

        Raises:
            EncoderError: vectors of another length.
        """
        return torch.from_numpy(self._preprocessing.load(value).values)

    def encode_frozen(self, batch: Sequence[Tensor]) -> Tokens:
        return pad(batch)

    def features(self, values: Sequence[Value | None]) -> Features:
        """The vectors of many rows: there is nothing to compute, so nothing to cache.

        Those of a ``.npy`` file stay there; others are kept in memory.

        Raises:
            EncoderError: vectors of another length.
        """
        given = [value if isinstance(value, np.ndarray) else None for value in values]
        present = [value for value in given if value is not None]
        for value in present:
            self._preprocessing.check_width(value)
        vectors = _common_file(present)
        if vectors is None:
            empty = np.empty((0, self.frozen_dim), dtype=np.float32)
            vectors = np.concatenate([empty, *present], dtype=np.float32)
            starts = iter(np.cumsum([0, *map(len, present)]).tolist())
        else:
            size = vectors.itemsize * self.frozen_dim
            starts = iter([(_address(value) - _address(vectors)) // size for value in present])
        keys = [
            None if value is None else _SPAN.pack(start := next(starts), start + len(value))
            for value in given
        ]
        return Features(keys, _Vectors(vectors), dim=self.frozen_dim, encoded=0, reused=0)

    def export_spec(self) -> ExportSpec:
        return ExportSpec(
            preprocessing=self._preprocessing,
            network=nn.Identity(),
            tokens=lambda vectors, mask: vectors,
            example=torch.zeros(2, 3, self.frozen_dim),
            lengths=(1,),
            is_sequence=True,
            is_cached=False,
        )


class _TrainableLayers(nn.Module):
    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.standardise = Standardise(width)
        self.linear = nn.Linear(width, dim)

    def forward(self, tokens: Tokens) -> Tokens:
        tokens = self.standardise(tokens)
        return Tokens(self.linear(tokens.values), tokens.mask)


class _Vectors:
    """The vectors of all rows end to end, by their span: one array, which processes can share.

    Read in float32, since raw features may leave the range of the cache's float16.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def __getitem__(self, key: bytes) -> Tensor:
        return torch.from_numpy(self._vectors[slice(*_SPAN.unpack(key))].astype(np.float32))

    def length(self, key: bytes) -> int:
        start, end = _SPAN.unpack(key)
        return int(end - start)


def _common_file(values: Sequence[Vectors]) -> Vectors | None:
    """All vectors ``[n, d]`` of the one mapped file of which each of the values is a part."""
    files = {id(file): file for file in map(_file_of, values)}
    (file,) = files.values() if len(files) == 1 else (None,)
    if file is None or not file.flags.c_contiguous:
        return None
    return file.reshape(-1, file.shape[-1])


def _file_of(value: Vectors) -> Vectors | None:
    array: object = value
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    return array if isinstance(array, np.ndarray) else None


def _address(array: Vectors) -> int:
    address: int = array.__array_interface__["data"][0]
    return address

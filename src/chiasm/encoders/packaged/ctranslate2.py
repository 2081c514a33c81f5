"""Weights in the binary format of CTranslate2."""

import struct
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chiasm.errors import EncoderError
from chiasm.utils.reading import open_regular

_VERSION = 6
# By their numbers in the file; bfloat16 (5) is nothing that numpy knows.
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_ctranslate2(path: Path, *, spec: str) -> dict[str, NDArray[Any]]:
    """The variables of a ``model.bin``, as views of the file: only those looked at are read.

    The file is a version, the name and revision of the model's kind, then name, shape, type, size
    and values of each variable, then other names for some of them; little-endian throughout.

    Raises:
        EncoderError: not a whole file of version 6 that holds a model of the kind ``spec``.
    """
    position = 0

    def number(form: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(f"<{form}", data, position)
        position += struct.calcsize(form)
        return int(value)

    def name() -> str:
        nonlocal position
        length = number("H")
        position += length
        return data[position - length : position].rstrip(b"\0").decode()

    def variable() -> NDArray[Any]:
        nonlocal position
        shape = [number("I") for _ in range(number("B"))]
        kind, size = np.dtype(_TYPES[number("B")]), number("I")
        if size != prod(shape) * kind.itemsize:
            raise ValueError("a variable whose size is not that of its shape")
        values = np.frombuffer(data, kind, count=prod(shape), offset=position)
        position += size
        return values.reshape(shape)

    try:
        with open_regular(path) as file:
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
        if (version := number("I")) != _VERSION:
            raise ValueError(f"version {version} of the format")
        if (found := name()) != spec:
            raise ValueError(f"a model of the kind {found}")
        number("I")  # revision of the kind
        variables = {name(): variable() for _ in range(number("I"))}
        for _ in range(number("I")):
            alias = name()
            variables[alias] = variables[name()]
        if position != len(data):
            raise ValueError("more than a model")
    except (struct.error, ValueError, KeyError) as error:
        raise EncoderError(
            f"{path} is not a CTranslate2 model of version {_VERSION} and kind {spec}: {error}."
        ) from error
    return variables

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chiasm.encoders.packaged.ctranslate2 import read_ctranslate2
from chiasm.errors import EncoderError

TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
VARIABLES = {
    "encoder/weight": np.arange(6, dtype=np.float16).reshape(2, 3),
    "encoder/bias": np.array([0.5, -0.25], dtype=np.float32),
    "encoder/heads": np.array(6, dtype=np.int16),
    "empty": np.zeros((0, 4), dtype=np.int8),
}


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def variable(name: str, value: NDArray) -> bytes:
    shape = struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
    kind = struct.pack("<BI", TYPES[str(value.dtype)], value.nbytes)
    return text(name) + shape + kind + value.tobytes()


def model(*, version: int = 6, spec: str = "SomeSpec", alias_of: str = "encoder/weight") -> bytes:
    head = struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(VARIABLES))
    body = b"".join(variable(name, value) for name, value in VARIABLES.items())
    return head + body + struct.pack("<I", 1) + text("tied") + text(alias_of)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(model())
    return path


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(EncoderError, match="not a CTranslate2 model of version 6") as refused:
        read_ctranslate2(path, spec="SomeSpec")
    return str(refused.value)


def test_variables_are_read_as_they_were_written(path: Path) -> None:
    found = read_ctranslate2(path, spec="SomeSpec")
    assert list(found) == [*VARIABLES, "tied"]
    for name, value in VARIABLES.items():
        assert found[name].dtype == value.dtype
        assert found[name].shape == value.shape
        assert np.array_equal(found[name], value)
    assert np.array_equal(found["tied"], VARIABLES["encoder/weight"])


def test_other_version_is_refused(path: Path) -> None:
    assert "version 5" in refusal(path, model(version=5))


def test_other_kind_of_model_is_refused(path: Path) -> None:
    assert "a model of the kind OtherSpec" in refusal(path, model(spec="OtherSpec"))


def test_unknown_type_is_refused(path: Path) -> None:
    bfloat16 = variable("x", np.zeros(2, dtype=np.int16)).replace(b"\x02\x04", b"\x05\x04")
    head = struct.pack("<I", 6) + text("SomeSpec") + struct.pack("<II", 3, 1)
    refusal(path, head + bfloat16 + struct.pack("<I", 0))


def test_size_that_contradicts_the_shape_is_refused(path: Path) -> None:
    data = model().replace(struct.pack("<BI", 4, 12), struct.pack("<BI", 4, 10))
    assert "size is not that of its shape" in refusal(path, data)


def test_alias_of_nothing_is_refused(path: Path) -> None:
    assert "nothing" in refusal(path, model(alias_of="nothing"))


def test_longer_file_is_refused(path: Path) -> None:
    assert "more than a model" in refusal(path, model() + b"\0")


def test_shorter_file_is_refused_wherever_it_ends(path: Path) -> None:
    data = model()
    for size in range(len(data)):
        refusal(path, data[:size])

"""Tables predicted by an exported model."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError

pytest.importorskip("onnxscript")
from chiasm.exporting.folder import export
from chiasm.inference.runtime import Runtime, load_runtime
from chiasm.inference.tables import predict_table

from .feature_models import WIDTHS, make_model


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    folder = tmp_path_factory.mktemp("exported")
    export(make_model("late"), folder)
    return load_runtime(folder)


def table_of(folder: Path, **features: int) -> Table:
    """Two rows with features of these names and widths."""
    pd.DataFrame({"id": ["a", "b"]}).to_csv(folder / "rows.csv", index=False)
    for name, width in features.items():
        np.save(folder / f"{name}.npy", np.ones((2, width)))
    return read(folder / "rows.csv", features={name: f"{name}.npy" for name in features})


def test_a_feature_of_another_name_is_said_and_noted_and_refused_where_asked(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = table_of(tmp_path, visual=3, echo=5)
    with caplog.at_level(logging.WARNING, logger="chiasm"):
        predicted = predict_table(runtime, table)
    (said,) = caplog.messages
    assert "looks at acoustic" in said
    assert "as visual and echo alone" in said
    assert [(p.row, p.field) for p in predicted.problems] == [("a", "acoustic"), ("b", "acoustic")]
    with pytest.raises(DataError, match="looks at acoustic"):
        predict_table(runtime, table, strict=True)


def test_nothing_is_said_of_a_table_that_has_all(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="chiasm"):
        predicted = predict_table(runtime, table_of(tmp_path, **WIDTHS), strict=True)
    assert not caplog.messages
    assert predicted.problems == ()

"""Modalities that look different in the test rows, found without their labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chiasm.data.readers.columns import Columns
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.fusion.build import FusionConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.shifts import find_shifts

MOSI = Path(__file__).parents[4] / "shared" / "data" / "mosi"


def make_table(*, test_is_named: bool = True) -> Table:
    """Of two features the first tells the label, but not in the last 100 of 300 rows."""
    random = np.random.default_rng(0)
    label = np.arange(300) % 2
    visual, acoustic = random.normal(size=(2, 300, 3))
    visual[:200, 0] += 6 * label[:200]
    visual[200:, 0] += 3
    columns = {"visual": list(visual), "acoustic": list(acoustic), "label": label.astype(str)}
    if test_is_named:
        columns["split"] = ["train"] * 200 + ["test"] * 100
    return read(pd.DataFrame(columns), features={"visual": "visual", "acoustic": "acoustic"})


def find(table: Table) -> dict[str, bool]:
    shifts = find_shifts(table, Recipe(), cache=FeatureCache())
    return {modality: shift.is_large for modality, shift in shifts.items()}


def test_the_one_whose_signal_is_gone_is_found() -> None:
    assert find(make_table()) == {"visual": True, "acoustic": False}


def test_labels_of_test_rows_are_not_looked_at() -> None:
    table = make_table()
    turned = [str(1 - int(label)) for label in table.labels[200:] if label]
    other = replace(table, labels=(*table.labels[:200], *turned))
    shifts = [find_shifts(t, Recipe(), cache=FeatureCache()) for t in (table, other)]
    assert shifts[0] == shifts[1]


def test_only_what_is_looked_at_is_judged() -> None:
    recipe = Recipe(fusion=FusionConfig(name="acoustic"))
    assert set(find_shifts(make_table(), recipe, cache=FeatureCache())) == {"acoustic"}


def test_without_named_test_rows_there_is_nothing_to_find() -> None:
    assert find(make_table(test_is_named=False)) == {}


def test_rows_without_a_modality_do_not_count() -> None:
    table = make_table()
    visual = tuple(None if row % 3 else v for row, v in enumerate(table.values["visual"]))
    gaps = replace(table, values=table.values | {"visual": visual})
    assert find(gaps) == {"visual": True, "acoustic": False}


@pytest.mark.skipif(not MOSI.is_dir(), reason="needs the mosi features")
def test_features_that_knew_the_labels_of_the_training_rows_are_found() -> None:
    table = read(
        MOSI / "utterances.csv",
        columns=Columns(id="id", split="split", group="video"),
        features={"visual": "visual.npy", "acoustic": "audio.npy"},
    )
    assert find(table.without(["text"])) == {"visual": True, "acoustic": False}

"""find_shifts: modalities that look different in the test rows of the data's own split."""

import numpy as np

from chiasm.data.duplicates.groups import find_groups
from chiasm.data.splitting.splits import given_split
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.store import Features
from chiasm.evaluation.shift import Shift, measure_shift
from chiasm.model.dataset import encode_table
from chiasm.model.left_out import note_left_out
from chiasm.tasks.registry import learn_task
from chiasm.training.loop.compute import distributed_state
from chiasm.training.recipe import Recipe
from chiasm.utils.arrays import Array

# Rows of each side that are looked at, drawn at random.
_ROWS = 2000


def find_shifts(table: Table, recipe: Recipe, *, cache: FeatureCache) -> dict[str, Shift]:
    """The shift of each modality that the recipe looks at, from training to test rows.

    Judged by mean tokens; labels of test rows are not looked at. Modalities without features (their
    whole encoder is trained) or with too few rows are left out, as all are where the data names no
    test rows.

    Raises:
        DataError: a split of another name, or none of the recipe's modalities.
        EncoderError: an encoder cannot be had.
    """
    given = given_split(table) or {}
    if not given.keys() >= {"train", "test"}:
        return {}
    draw = np.random.default_rng(recipe.training.seed)
    parts = [draw.permutation(given[part])[:_ROWS] for part in ("train", "test")]
    sample = table.take(np.concatenate(parts))
    groups = find_groups(sample, by=recipe.group_by)
    is_test = np.arange(len(sample)) >= len(parts[0])
    looked_at = {m: table.kinds[m] for m in recipe.fusion.looked_at(table.modalities)}
    encoders = recipe.for_table(table).load_encoders(looked_at)
    featured = {m: e for m, e in encoders.items() if e.trainable_blocks != "all"}
    # Told in training, of all rows.
    sample = note_left_out(sample, featured)
    with distributed_state().local_main_process_first():
        rows = encode_table(sample, featured, task=learn_task(table, table.labelled), cache=cache)
    shifts = {}
    for modality, features in rows.features.items():
        has = np.array([features.length(row) > 0 for row in range(len(sample))])
        seen, unseen = np.flatnonzero(has & ~is_test), np.flatnonzero(has & is_test)
        shift = measure_shift(
            _mean_tokens(features, seen),
            rows.take(seen).labels,
            groups[seen],
            _mean_tokens(features, unseen),
            groups[unseen],
            seed=recipe.training.seed,
        )
        if shift is not None:
            shifts[modality] = shift
    return shifts


def _mean_tokens(features: Features, rows: Array) -> Array:
    return np.array([features[int(row)].float().mean(dim=0).numpy() for row in rows])

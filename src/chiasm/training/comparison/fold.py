"""train_fold: train a recipe's model on one fold and predict its test rows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from chiasm.data.media.kinds import Kind
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_probabilities
from chiasm.model.storage import save_model
from chiasm.tasks.base import Task
from chiasm.training.loop.compute import at_most
from chiasm.training.loop.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.run.splits import SplitRows
from chiasm.utils.malloc import keep_freed_memory


@dataclass(frozen=True)
class TrainedFold:
    """What a fusion came to on one fold: ``probabilities`` ``[n, classes]`` of its test rows."""

    fusion: str
    fold: int
    probabilities: np.ndarray[Any, np.dtype[Any]]
    epochs: tuple[Epoch, ...]
    parameters: int
    seconds: float


def train_fold(
    rows: EncodedTable,
    part: SplitRows,
    task: Task,
    recipe: Recipe,
    fold: int,
    kinds: Mapping[str, Kind],
    keep: Path | None = None,
) -> TrainedFold:
    """Train on one processor core; epochs and temperature are chosen on the validation rows.

    The seed is that of the recipe plus the number of the fold; ``kinds`` are those of the
    modalities. The model is saved in the folder ``keep``, if one is given.
    """
    # The Trainer takes seconds to import: those who only start processes that train do without.
    from chiasm.training.loop.stages import fit_in_stages

    if parent_process() is not None:
        keep_freed_memory()
    started = time.perf_counter()
    seed = recipe.training.seed + fold
    recipe = replace(recipe, training=replace(recipe.training, seed=seed))
    torch.manual_seed(seed)
    model = FusionClassifier(
        encoders=recipe.load_encoders({m: kinds[m] for m in rows.features}),
        fusion=recipe.fusion,
        task=task,
    )
    rows = rows.of(model.modalities)
    epochs: list[Epoch] = []
    with at_most(1), TemporaryDirectory() as folder:
        fit_in_stages(
            model,
            rows.take(part.train),
            rows.take(part.validation),
            recipe,
            checkpoints=Path(folder),
            report=epochs.append,
        )
        probabilities = predict_probabilities(model, rows.take(part.test)).numpy()
    seconds = time.perf_counter() - started
    if keep is not None:
        save_model(model, keep, card="")
    return TrainedFold(
        fusion=recipe.fusion.name,
        fold=fold,
        probabilities=probabilities,
        epochs=tuple(epochs),
        parameters=model.trained_parameters,
        seconds=seconds,
    )

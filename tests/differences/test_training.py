"""What was wrong in training: each flaw as a small reference, beside what chiasm does instead."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fusion.batches import equal
from model.letters import CLASSES, make_model, make_table

from chiasm.data.reading import read
from chiasm.model.dataset import encode_table
from chiasm.recipes.files import load_recipe
from chiasm.tasks.multiclass import Multiclass
from chiasm.training.config import TrainingConfig
from chiasm.training.loop.fitting import fit
from chiasm.training.run.splits import SplitRows, split_rows

STAGES = ("lab-text-offline", "lab-image-offline", "lab-concat-offline")


def test_decay_is_applied_once(tmp_path: Path) -> None:
    rate, decay = 0.1, 0.5
    model = make_model("concat")
    weight = model.fusion.towers["text"].layers[2].weight
    before = weight.detach().clone()
    once = before * (1 - rate * decay)

    twice = before.clone().requires_grad_()
    optimizer = torch.optim.AdamW([twice], lr=rate, weight_decay=decay)
    (decay / 2 * twice.square().sum()).backward()
    optimizer.step()
    # Adam divides a gradient by its own size: the penalty is a step of the full rate, whatever
    # its weight.
    assert equal((twice - once).abs(), torch.full_like(once, rate), tolerance=1e-3)

    # Rows without a text enter its tower as zeros: nothing but decay moves this matrix.
    table = make_table(text=[None] * 4, labels=["bad", "good", "fair", "bad"])
    rows = encode_table(table, model.encoders, task=Multiclass(CLASSES), cache=None)
    config = TrainingConfig(
        epochs=1, batch_size=4, learning_rate=rate, weight_decay=decay, warmup=0.0
    )
    fit(model, rows, rows, config, checkpoints=tmp_path, report=lambda epoch: None)
    assert equal(weight, once)


def test_all_stages_are_trained_on_one_split() -> None:
    """Labels drawn by lot cannot be learned: whatever scores above chance has seen the answers."""
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(400, 500)), random.choice([-1.0, 1.0], size=400)

    def evaluate_systems(first_stage: np.ndarray, second_stage: SplitRows) -> float:
        """Accuracy on the second stage's held-out rows of what the first has learned by heart."""
        weights = np.linalg.lstsq(features[first_stage], labels[first_stage])[0]
        held_out = second_stage.validation
        return float(np.mean(np.sign(features[held_out] @ weights) == labels[held_out]))

    first, second = (random.permutation(400) for _ in range(2))
    theirs = SplitRows(train=second[80:], validation=second[:80], test=second[:0])
    assert evaluate_systems(first[80:], theirs) > 0.8

    texts = [f"text {i}" for i in range(400)]
    table = read(pd.DataFrame({"text": texts, "label": labels.astype(int)}))
    parts = [split_rows(table, load_recipe(name)) for name in STAGES]
    for part in parts:
        assert np.array_equal(part.train, parts[-1].train)
        assert evaluate_systems(part.train, parts[-1]) < 0.7

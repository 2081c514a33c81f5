import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_inputs import CONFIG, Interrupt, accuracy, make_model

from chiasm.encoders.features.store import InMemory
from chiasm.errors import ChiasmError, TrainingStopped
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_logits
from chiasm.training.loop.epochs import Epoch
from chiasm.training.loop.stages import fit_in_stages
from chiasm.training.recipe import Recipe

RECIPE = Recipe(
    staged=True, training=replace(CONFIG, epochs=3, encoder_learning_rate=1e-2, averaged_epochs=1)
)


def staged(train: EncodedTable, validation: EncodedTable, folder: Path) -> FusionClassifier:
    model = make_model(tuned=True)
    fit_in_stages(model, train, validation, RECIPE, checkpoints=folder, report=[].append)
    return model


def test_encoders_learn_alone_and_stay_as_they_are_in_the_fusion(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    before = make_model(tuned=True).trainable_layers["text"].state_dict()
    model = staged(train_rows, validation_rows, tmp_path)
    alone = make_model(tuned=True)
    # The same stages again, of which the encoders' are found finished: only the fusion is trained.
    fit_in_stages(
        alone, train_rows, validation_rows, RECIPE, checkpoints=tmp_path, report=[].append
    )
    for name, weights in model.trainable_layers["text"].state_dict().items():
        assert torch.equal(alone.trainable_layers["text"].state_dict()[name], weights)
    assert not torch.equal(
        model.trainable_layers["text"].layers[0].weight, before["layers.0.weight"]
    )
    assert accuracy(predict_logits(model, validation_rows), validation_rows.labels) > 0.7


def test_every_stage_trains_on_the_rows_of_the_split_and_no_others(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    seen: set[bytes] = set()

    class Watched(InMemory):
        def __getitem__(self, key: bytes) -> torch.Tensor:
            seen.add(key)
            return super().__getitem__(key)

    watched = {m: replace(f, store=Watched(f.store)) for m, f in train_rows.features.items()}
    whole = EncodedTable(watched, train_rows.targets)
    staged(whole.take(np.arange(100)), validation_rows, tmp_path)
    keys = train_rows.features["text"].keys
    assert seen == set(keys[:100])


@pytest.mark.parametrize("finished", [["text"], ["text", "image"]])
def test_what_follows_finished_stages_does_not_depend_on_when_they_were_trained(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path, finished: list[str]
) -> None:
    whole = staged(train_rows, validation_rows, tmp_path / "whole")
    for modality in finished:
        name = f"{modality}/trainable_layers.safetensors"
        if (tmp_path / "whole" / name).exists():
            (tmp_path / "parts" / modality).mkdir(parents=True)
            shutil.copy(tmp_path / "whole" / name, tmp_path / "parts" / name)
    resumed = staged(train_rows, validation_rows, tmp_path / "parts")
    for name, weights in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights), name


def test_resumed_in_the_second_stage_equals_uninterrupted(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    whole = staged(train_rows, validation_rows, tmp_path / "whole")
    with pytest.raises(TrainingStopped):
        fit_in_stages(
            make_model(tuned=True),
            train_rows,
            validation_rows,
            RECIPE,
            checkpoints=tmp_path / "parts",
            report=Interrupt(4),
        )
    resumed = staged(train_rows, validation_rows, tmp_path / "parts")
    torch.testing.assert_close(
        predict_logits(resumed, validation_rows),
        predict_logits(whole, validation_rows),
        rtol=0,
        atol=0,
    )


def test_each_encoder_alone_has_epochs_of_its_own(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    recipe = replace(
        RECIPE,
        stage_epochs={"text": 1, "image": 2},
        training=replace(RECIPE.training, epochs=3, patience=1.0),
    )
    told: list[Epoch] = []
    model = make_model(tuned=True)
    fit_in_stages(
        model, train_rows, validation_rows, recipe, checkpoints=tmp_path, report=told.append
    )
    assert Counter(epoch.stage for epoch in told) == {"text": 1, "image": 2, "concat": 3}


def test_epochs_of_a_stage_are_refused_where_there_are_no_stages() -> None:
    with pytest.raises(ChiasmError, match=r"stage_epochs.text is 2.*staged is true"):
        Recipe(stage_epochs={"text": 2})

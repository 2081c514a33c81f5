from typing import Literal

import pytest
from torch.optim import Adam, AdamW
from training_inputs import make_model

from chiasm.training.config import TrainingConfig
from chiasm.training.loop.optimizer import build_optimizer

CONFIG = TrainingConfig(
    learning_rate=1e-2, encoder_learning_rate=1e-3, layer_decay=0.5, weight_decay=0.3
)


def test_blocks_learn_slower_the_further_they_are_from_the_end() -> None:
    model = make_model(tuned=True)
    groups = build_optimizer(model, CONFIG).param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    first, last = model.trainable_layers["text"].layers
    assert rates[id(last.weight)] == pytest.approx(1e-3)
    assert rates[id(first.weight)] == pytest.approx(5e-4)
    assert rates[id(model.head.weight)] == pytest.approx(1e-2)


@pytest.mark.parametrize("tuned", [False, True])
def test_every_parameter_is_trained_once_and_only_matrices_decay(tuned: bool) -> None:
    model = make_model("cross_attention", tuned=tuned)
    groups = build_optimizer(model, CONFIG).param_groups
    trained = [id(p) for group in groups for p in group["params"]]
    assert sorted(trained) == sorted(id(p) for p in model.parameters())
    for group in groups:
        assert {p.ndim > 1 for p in group["params"]} == {group["weight_decay"] > 0}


@pytest.mark.parametrize(("name", "kind"), [("adamw", AdamW), ("adam", Adam)])
def test_the_optimizer_is_the_one_that_is_named(
    name: Literal["adamw", "adam"], kind: type[Adam]
) -> None:
    assert type(build_optimizer(make_model(), TrainingConfig(optimizer=name))) is kind

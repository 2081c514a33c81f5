"""The model card says what was trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from encoders.conftest import save_checkpoint

from chiasm.data.reading import read
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.precomputed import Precomputed
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.card import what_was_trained
from chiasm.training.run.pipeline import train

Card = Callable[..., str]


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """The card of a model of texts whose encoder is trained as asked for."""
    bert = save_checkpoint(tmp_path / "bert", "bert")
    rows = {"text": [f"cat {n}" for n in range(20)], "label": ["yes", "no"] * 10}

    def write(**settings: Any) -> str:
        recipe = Recipe(
            encoders={"text": str(bert)},
            fusion=FusionConfig(name="text", dim=8),
            training=TrainingConfig(epochs=1),
            **settings,
        )
        out = tmp_path / "model"
        table = read(pd.DataFrame(rows))
        train(table, recipe, out=out, command="", cache=FeatureCache(), report=lambda epoch: None)
        return (out / "README.md").read_text(encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("blocks", "said"),
    [(0, "frozen"), (1, "the last block trained"), ("all", "wholly trained")],
)
def test_the_card_says_how_much_of_an_encoder_was_trained(
    card: Card, blocks: Any, said: str
) -> None:
    assert f"bert (text), {said}. " in card(trainable_blocks={"text": blocks})


@pytest.mark.parametrize(("blocks", "where"), [(1, "the last block"), ("all", "all blocks")])
def test_the_card_says_that_lora_was_trained(card: Card, blocks: Any, where: str) -> None:
    pytest.importorskip("peft")
    written = card(trainable_blocks={"text": blocks}, lora={"text": 2})
    assert f"bert (text), trained by LoRA of rank 2 in {where}. " in written


def test_the_card_of_features_of_the_data_tells_of_no_blocks() -> None:
    encoder = Precomputed(modality="visual", width=4)
    assert what_was_trained(encoder) == "features of the data, through a trained linear layer"

from typing import Any

import pytest
import torch

from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import ChiasmError
from chiasm.fusion.build import FusionConfig, fusion_names
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.multiclass import Multiclass

from .letters import CLASSES, LetterEncoder, make_encoders, make_model

FUSIONS = fusion_names(("text", "image"))


@pytest.fixture
def tokens() -> dict[str, Tokens]:
    """Rows with both, text alone, an image alone, and nothing."""
    encoders: Any = {m: LetterEncoder(m) for m in ("text", "image")}
    return {
        "text": encoders["text"].encode_frozen([b"lovely", b"meh", b"", b""]),
        "image": encoders["image"].encode_frozen([b"sunset", b"", b"rain", b""]),
    }


@pytest.mark.parametrize("name", FUSIONS)
def test_every_row_gets_a_logit_for_each_class(name: str, tokens: dict[str, Tokens]) -> None:
    logits = make_model(name)(tokens).logits
    assert logits.shape == (4, len(CLASSES))
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", FUSIONS)
def test_attention_is_given_only_when_asked_for_and_there_is_some(
    name: str, tokens: dict[str, Tokens]
) -> None:
    model = make_model(name)
    without, asked = model(tokens), model(tokens, need_weights=True)
    assert torch.equal(without.logits, asked.logits)
    assert without.attention is None
    assert (asked.attention is not None) == (name == "cross_attention")


@pytest.mark.parametrize("name", ["text", "image"])
def test_a_single_modality_needs_no_encoder_but_its_own(
    name: str, tokens: dict[str, Tokens]
) -> None:
    model = make_model(name)
    assert model.modalities == (name,)
    assert list(model.trainable_layers) == [name]
    assert torch.equal(model({name: tokens[name]}).logits, model(tokens).logits)


def test_models_that_share_encoders_train_tops_of_their_own(tokens: dict[str, Tokens]) -> None:
    encoders = make_encoders(trainable_blocks=1)
    fusion = FusionConfig(name="concat", dim=4, modality_dropout=0.0)
    one, other = (
        FusionClassifier(encoders=encoders, fusion=fusion, task=Multiclass(CLASSES))
        for _ in range(2)
    )
    before = {key: value.clone() for key, value in other.state_dict().items()}
    one(tokens).logits.sum().backward()
    torch.optim.SGD(one.parameters(), lr=1.0).step()
    assert all(torch.equal(value, before[key]) for key, value in other.state_dict().items())
    assert torch.equal(
        encoders["text"].trainable_layers.linear.weight,
        before["trainable_layers.text.linear.weight"],
    )
    assert not torch.equal(
        one.trainable_layers["text"].linear.weight, before["trainable_layers.text.linear.weight"]
    )


def test_what_training_can_change_are_tops_fusion_and_head() -> None:
    model = make_model("late", trainable_blocks=1)
    # Two tops 4 -> 6, two towers 6 -> 8, a head 8 -> 3; the temperature is fitted, not trained.
    assert model.trained_parameters == 2 * (4 * 6 + 6) + 2 * (6 * 8 + 8) + (8 * 3 + 3)
    model.head.requires_grad_(False)
    assert model.trained_parameters == 2 * (4 * 6 + 6) + 2 * (6 * 8 + 8)


def test_temperature_is_kept_with_the_weights_and_starts_at_1() -> None:
    assert make_model().state_dict()["temperature"].item() == 1.0


def test_modalities_are_dropped_in_training_only(tokens: dict[str, Tokens]) -> None:
    fusion = FusionConfig(name="concat", dim=4, dropout=0.0, modality_dropout=0.5)
    model = FusionClassifier(encoders=make_encoders(), fusion=fusion, task=Multiclass(CLASSES))
    many = {
        m: Tokens(t.values[:1].expand(50, -1, -1), t.mask[:1].expand(50, -1))
        for m, t in tokens.items()
    }
    assert len(model.train()(many).logits.unique(dim=0)) == 3
    assert len(model.eval()(many).logits.unique(dim=0)) == 1


def test_a_fusion_that_the_encoders_do_not_allow_is_refused() -> None:
    encoders = {"text": LetterEncoder("text")}
    with pytest.raises(ChiasmError, match="Choose from: text"):
        FusionClassifier(
            encoders=encoders, fusion=FusionConfig(name="gated"), task=Multiclass(CLASSES)
        )


def test_a_row_of_nothing_has_an_answer_of_its_own(tokens: dict[str, Tokens]) -> None:
    model = make_model()
    nothing = {m: pad([torch.empty(0, 4)]) for m in tokens}
    assert torch.allclose(model(nothing).logits[0], model(tokens).logits[3], atol=1e-6)

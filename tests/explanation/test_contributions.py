import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues as CaptumShapleyValues
from model.letters import make_model, make_table

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.contributions import Contributions, modality_contributions
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table, stack_tokens
from chiasm.model.logits import calibrate, predict_probabilities

FUSIONS = ("text", "concat", "late", "gated", "cross_attention")
TEXTS = [None if i % 5 == 4 else f"{'review ' * (i % 5)}{i}" for i in range(70)]
IMAGES = [None if i % 3 == 0 else f"image {i}".encode() for i in range(70)]


def encoded(model: FusionClassifier) -> EncodedTable:
    return encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)


def of(fusion: str, *, blocks: int = 0) -> tuple[FusionClassifier, EncodedTable, Contributions]:
    model = make_model(fusion, trainable_blocks=blocks)
    model.temperature.fill_(0.7)
    rows = encoded(model)
    return model, rows, modality_contributions(model, rows)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("blocks", [0, 1])
def test_the_prediction_is_the_one_made_without_an_explanation_to_the_last_bit(
    fusion: str, blocks: int
) -> None:
    model, rows, explained = of(fusion, blocks=blocks)
    expected = predict_probabilities(model, rows).double().numpy()
    np.testing.assert_array_equal(explained.prediction, expected)
    np.testing.assert_array_equal(predict_probabilities(model, rows).double().numpy(), expected)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_contributions_and_base_sum_to_the_prediction(fusion: str) -> None:
    _, _, explained = of(fusion)
    total = explained.base + explained.values.sum(axis=1)
    np.testing.assert_allclose(total, explained.prediction, atol=1e-12)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_base_is_the_prediction_of_a_row_of_which_nothing_is_there(fusion: str) -> None:
    model, _, explained = of(fusion)
    table = make_table(text=[None, "fine"], image=[None, b"photo"])
    rows = encode_table(table, model.encoders, cache=None)
    expected = predict_probabilities(model, rows)[0]
    np.testing.assert_allclose(explained.base, expected, atol=1e-6)


def test_a_modality_alone_is_predicted_as_from_a_row_that_has_no_other() -> None:
    model = make_model("cross_attention")
    both = encode_table(
        make_table(text=["good", "bad thing"], image=[b"one", b"other"]), model.encoders, cache=None
    )
    alone = encode_table(
        make_table(text=["good", "bad thing"], image=[None, None]), model.encoders, cache=None
    )
    explained, text_only = (modality_contributions(model, rows) for rows in (both, alone))
    # With two players: value = half of (alone - nothing) + half of (both - other alone).
    gain = text_only.prediction - text_only.base
    interaction = explained.interactions["image", "text"]
    np.testing.assert_allclose(explained.values[:, 0], gain + interaction / 2, atol=1e-6)


def test_a_missing_modality_contributes_nothing() -> None:
    _, _, explained = of("cross_attention")
    missing = [row for row, image in enumerate(IMAGES) if image is None]
    np.testing.assert_allclose(explained.values[missing, 1], 0, atol=1e-6)
    np.testing.assert_allclose(explained.interactions["image", "text"][missing], 0, atol=1e-6)
    present = [row for row, text in enumerate(TEXTS) if text and IMAGES[row]]
    assert np.abs(explained.values[present]).min(axis=(1, 2)).max() > 1e-4


def test_null_mass_is_a_mean_over_heads_and_real_words() -> None:
    model, rows, explained = of("cross_attention")
    assert set(explained.null_mass) == {"text->image", "image->text", "text", "image"}
    for row in (1, 2, 65):
        single = stack_tokens([rows[row]])
        with torch.inference_mode():
            attention = model(single, need_weights=True).attention
        for direction, weights in attention.items():
            expected = float(weights[..., -1].mean())
            assert explained.null_mass[direction][row] == pytest.approx(expected, abs=1e-6)


def test_null_mass_is_whole_without_the_asked_and_unknown_without_the_asking_modality() -> None:
    _, _, explained = of("cross_attention")
    mass = explained.null_mass["text->image"]
    for row, (text, image) in enumerate(zip(TEXTS, IMAGES, strict=True)):
        if text is None:
            assert np.isnan(mass[row])
        elif image is None:
            assert mass[row] == pytest.approx(1)
        else:
            assert 0 < mass[row] < 1


def test_null_mass_of_a_modality_is_that_of_its_pooling_and_whole_without_it() -> None:
    model, rows, explained = of("cross_attention")
    with torch.no_grad():
        tokens = model.encode(stack_tokens([rows[1]]))
        mixed = {m: p(tokens[m]).values for m, p in model.fusion.projections.items()}
        normed = {m: model.fusion.norms[m](x) for m, x in mixed.items()}
        keys = normed["text"], normed["text"], tokens["text"].mask
        found, _ = model.fusion.attentions["image->text"](normed["image"], *keys)
        pool = model.fusion.pools["image"]
        values = torch.cat([mixed["image"] + found, pool.null_token.expand(1, 1, -1)], dim=1)
        expected = (values @ pool.seeds.T).softmax(dim=1)[0, -1].mean()
    assert explained.null_mass["image"][1] == pytest.approx(float(expected), abs=1e-6)
    for row, image in enumerate(IMAGES):
        if image is None:
            assert explained.null_mass["image"][row] == pytest.approx(1)


@pytest.mark.parametrize("fusion", ["text", "concat"])
def test_without_attention_there_is_no_null_mass(fusion: str) -> None:
    assert of(fusion)[2].null_mass == {}


def test_no_rows_have_no_contributions() -> None:
    model = make_model()
    none = encoded(model).take(np.empty(0, dtype=np.int64))
    explained = modality_contributions(model, none)
    assert explained.values.shape == (0, 2, 3)
    assert explained.prediction.shape == (0, 3)
    assert explained.null_mass == {}


def test_a_model_in_training_stays_in_training() -> None:
    model = make_model().train()
    modality_contributions(model, encoded(model))
    assert model.training


@pytest.mark.parametrize("fusion", FUSIONS[1:])
def test_values_agree_with_captum_where_a_feature_is_a_modality(fusion: str) -> None:
    model, rows, explained = of(fusion)
    for row in (1, 2, 65):
        tokens = stack_tokens([rows[row]])
        masks = tuple(t.mask.float() for t in tokens.values())

        def predict(*masks: torch.Tensor, tokens: dict[str, Tokens] = tokens) -> torch.Tensor:
            given = {
                m: Tokens(t.values, mask.bool())
                for (m, t), mask in zip(tokens.items(), masks, strict=True)
            }
            return calibrate(model, model(given).logits)

        for target in range(3):
            found = CaptumShapleyValues(predict).attribute(
                masks,
                target=target,
                feature_mask=tuple(
                    torch.full_like(mask, i, dtype=torch.long) for i, mask in enumerate(masks)
                ),
            )
            expected = [float(values[0, 0]) for values in found]
            np.testing.assert_allclose(explained.values[row, :, target], expected, atol=1e-5)


def test_rows_taken_are_those_asked_for() -> None:
    _, _, explained = of("cross_attention")
    taken = explained.take([5, 2])
    np.testing.assert_array_equal(taken.values, explained.values[[5, 2]])
    np.testing.assert_array_equal(
        taken.null_mass["text->image"], explained.null_mass["text->image"][[5, 2]]
    )
    np.testing.assert_array_equal(taken.base, explained.base)

import numpy as np
import pytest
from model.letters import CLASSES, make_model, make_table

from chiasm.evaluation.robustness import evaluate_damaged, predict_damaged
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.model.logits import predict_probabilities

TEXTS = [f"review {'x' * (i % 9)}{i}" for i in range(70)]
IMAGES = [f"image {i}".encode() for i in range(70)]


def encoded(**values: list) -> EncodedTable:
    return encode_table(make_table(**values), make_model("concat").encoders, cache=None)


def test_a_removed_modality_is_predicted_as_a_missing_one() -> None:
    model = make_model("concat")
    damaged = predict_damaged(model, encoded(text=TEXTS, image=IMAGES), seed=0)
    without = encoded(text=TEXTS, image=[None] * 70)
    expected = predict_probabilities(model, without).numpy()
    np.testing.assert_allclose(damaged["image removed"], expected, atol=1e-6)


def test_shuffling_gives_every_row_the_image_of_another() -> None:
    model = make_model("concat")
    damaged = predict_damaged(model, encoded(text=["same"] * 70, image=IMAGES), seed=0)
    whole = predict_probabilities(model, encoded(text=["same"] * 70, image=IMAGES)).numpy()
    shuffled = damaged["image shuffled"]
    # Two images of the same letters are one to this encoder.
    assert (np.abs(shuffled - whole).max(axis=1) > 1e-7).mean() > 0.9
    # The words are the same, so what is predicted is what is predicted of the other row.
    np.testing.assert_allclose(np.sort(shuffled, axis=0), np.sort(whole, axis=0), atol=1e-6)


def test_noise_changes_predictions_a_missing_modality_stays_missing_and_the_seed_decides() -> None:
    model = make_model("concat")
    rows = encoded(text=TEXTS, image=[None, *IMAGES[1:]])
    first, again, other = (predict_damaged(model, rows, seed=seed) for seed in (0, 0, 1))
    whole = predict_probabilities(model, rows).numpy()
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.allclose(first["image noise"], other["image noise"])
    assert not np.allclose(first["image noise"][1:], whole[1:], atol=1e-4)
    np.testing.assert_allclose(first["image noise"][0], whole[0], atol=1e-6)


def test_a_damage_is_judged_against_the_whole_rows() -> None:
    labels = np.tile(np.arange(len(CLASSES)), 40)
    whole = np.eye(len(CLASSES))[labels]
    half = whole.copy()
    half[::2] = np.roll(whole[::2], 1, axis=1)
    damaged = {"text removed": half, "image removed": whole}
    text, image = evaluate_damaged(whole, damaged, labels, np.arange(len(labels)), seed=0)
    assert (text.damage, image.damage) == ("text removed", "image removed")
    assert text.accuracy.mean == 0.5
    assert text.change.mean == -0.5
    assert text.change.low < -0.5 < text.change.high < 0
    assert (image.change.low, image.change.mean, image.change.high) == (0, 0, 0)


@pytest.mark.parametrize("fusion", ["text", "cross_attention"])
def test_every_damage_of_every_modality_of_the_model_is_tried(fusion: str) -> None:
    model = make_model(fusion)
    rows = encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)
    damaged = predict_damaged(model, rows, seed=0)
    kinds = ("removed", "shuffled", "noise")
    assert set(damaged) == {f"{m} {kind}" for m in model.modalities for kind in kinds}
    for made in damaged.values():
        np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-5)

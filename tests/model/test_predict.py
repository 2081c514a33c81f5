import numpy as np
import pytest
import torch

from chiasm.encoders.features.cache import FeatureCache
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.logits import predict_logits, predict_probabilities
from chiasm.model.predictions import predict

from .letters import CLASSES, make_model, make_table

TEXTS = [f"{'review ' * (i % 5)}{i}" for i in range(150)]
IMAGES = [None if i % 3 == 0 else f"image {i}".encode() for i in range(150)]


@pytest.fixture
def model() -> FusionClassifier:
    return make_model()


def test_predictions_keep_the_order_of_the_table_whatever_it_holds(
    model: FusionClassifier,
) -> None:
    table = make_table(text=TEXTS, image=IMAGES)
    order = np.random.default_rng(0).permutation(150)
    whole, permuted = (predict(model, t, cache=None) for t in (table, table.take(order)))
    assert whole.ids == table.ids
    assert permuted.ids == tuple(whole.ids[i] for i in order)
    assert permuted.labels == tuple(whole.labels[i] for i in order)
    np.testing.assert_allclose(permuted.probabilities, whole.probabilities[order], atol=1e-6)
    assert len(np.unique(whole.probabilities, axis=0)) > 50


def test_a_row_is_predicted_alone_as_among_others(model: FusionClassifier) -> None:
    table = make_table(text=TEXTS, image=IMAGES)
    whole = predict(model, table, cache=None)
    for row in (0, 63, 64, 149):
        alone = predict(model, table.take([row]), cache=None)
        np.testing.assert_allclose(alone.probabilities[0], whole.probabilities[row], atol=1e-6)


def test_the_label_is_the_most_probable_class(model: FusionClassifier) -> None:
    predicted = predict(model, make_table(text=TEXTS, image=IMAGES), cache=None)
    assert predicted.task.classes == CLASSES
    assert predicted.probabilities.shape == (150, 3)
    np.testing.assert_allclose(predicted.probabilities.sum(axis=1), 1, atol=1e-6)
    assert predicted.labels == tuple(CLASSES[k] for k in predicted.probabilities.argmax(axis=1))


def test_nothing_is_said_of_a_row_that_holds_nothing_readable(model: FusionClassifier) -> None:
    table = make_table(text=["fine", None, "loud!", None], image=[None, None, None, b"photo"])
    predicted = predict(model, table, cache=None)
    assert [label is None for label in predicted.labels] == [False, True, True, False]
    assert np.isfinite(predicted.probabilities).all()


def test_a_single_modality_says_nothing_of_rows_without_it() -> None:
    table = make_table(text=["fine", None], image=[b"photo", b"photo"])
    predicted = predict(make_model("text"), table, cache=None)
    assert predicted.labels[0] is not None
    assert predicted.labels[1] is None


def test_labels_of_the_table_do_not_matter(model: FusionClassifier) -> None:
    plain = predict(model, make_table(text=TEXTS, image=IMAGES), cache=None)
    labels = ["never heard of", None, "good"] * 50
    labelled = predict(model, make_table(text=TEXTS, image=IMAGES, labels=labels), cache=None)
    assert labelled.labels == plain.labels
    np.testing.assert_array_equal(labelled.probabilities, plain.probabilities)


def test_cached_features_give_the_same_predictions(
    model: FusionClassifier, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = FeatureCache(tmp_path_factory.mktemp("cache"))
    table = make_table(text=TEXTS, image=IMAGES)
    plain = predict(model, table, cache=None)
    for _ in range(2):
        cached = predict(model, table, cache=cache)
        np.testing.assert_array_equal(cached.probabilities, plain.probabilities)


def test_an_empty_table_has_no_predictions(model: FusionClassifier) -> None:
    predicted = predict(model, make_table(text=[], image=[]), cache=None)
    assert predicted.labels == ()
    assert predicted.probabilities.shape == (0, 3)


def test_temperature_softens_the_probabilities_and_not_the_logits(
    model: FusionClassifier,
) -> None:
    rows = encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)
    logits, sharp = predict_logits(model, rows), predict_probabilities(model, rows)
    model.temperature.fill_(3.0)
    soft = predict_probabilities(model, rows)
    assert torch.equal(predict_logits(model, rows), logits)
    assert torch.allclose(soft, (logits / 3).softmax(dim=1))
    assert torch.equal(soft.argmax(dim=1), sharp.argmax(dim=1))
    assert (soft.max(dim=1).values < sharp.max(dim=1).values).all()


@pytest.mark.parametrize("training", [False, True])
def test_predicting_is_without_dropout_and_leaves_the_mode_as_it_was(
    model: FusionClassifier, training: bool
) -> None:
    rows = encode_table(make_table(text=TEXTS, image=IMAGES), model.encoders, cache=None)
    expected = predict_logits(model.eval(), rows)
    model.train(training)
    assert torch.equal(predict_logits(model, rows), expected)
    assert model.training is training
    assert model.fusion.training is training

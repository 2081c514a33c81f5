"""Precomputed features reach the fusion as they are, whatever their scale."""

import pickle
import warnings

import numpy as np
import pytest
import torch

from chiasm.encoders.features.encoding import encode
from chiasm.encoders.precomputed import Precomputed
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import pad
from chiasm.errors import EncoderError

WIDTH = 3


def vectors(length: int, *, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(length, WIDTH)) * scale


@pytest.fixture
def encoder() -> Precomputed:
    return Precomputed(modality="visual", width=WIDTH)


def test_the_name_says_the_width_and_finds_the_encoder_for_any_modality(
    encoder: Precomputed,
) -> None:
    again = load_encoder("acoustic", encoder.name, trainable_blocks=encoder.trainable_blocks)
    assert isinstance(again, Precomputed)
    assert (again.name, again.frozen_dim) == ("precomputed-3", WIDTH)
    assert again.fingerprint == encoder.fingerprint
    assert Precomputed(modality="visual", width=4).fingerprint != encoder.fingerprint


def test_features_keep_the_range_of_float32(encoder: Precomputed) -> None:
    values = [vectors(2, scale=1e7), None, vectors(1, scale=1e-7), vectors(4)]
    features = encoder.features(values)
    assert len(features) == 4
    assert [len(features[row]) for row in range(4)] == [2, 0, 1, 4]
    for row in (0, 2, 3):
        assert features[row].dtype == torch.float32
        np.testing.assert_array_equal(features[row], values[row].astype(np.float32))


def test_features_are_those_that_load_and_trunk_give(encoder: Precomputed) -> None:
    values = [vectors(2), vectors(3, seed=1)]
    features = encoder.features(values)
    together = encoder.encode_frozen([encoder.load(value) for value in values])
    batch = pad([features[0], features[1]])
    assert torch.equal(batch.values, together.values)
    assert torch.equal(batch.mask, together.mask)
    encoded = encode(encoder, values)
    torch.testing.assert_close(encoded[1].float(), features[1], rtol=1e-3, atol=1e-3)


def test_features_of_read_only_arrays_are_copies(encoder: Precomputed) -> None:
    value = vectors(2)
    value.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.features([value])[0][:] = 0
        encoder.load(value)[:] = 0
    np.testing.assert_array_equal(encoder.features([value])[0], value.astype(np.float32))


def test_features_are_handed_to_other_processes_as_one_array(encoder: Precomputed) -> None:
    features = encoder.features([vectors(1, seed=row) for row in range(1000)])
    handed = pickle.dumps(features)
    assert len(handed) < 1000 * (4 * WIDTH + 40)
    assert torch.equal(pickle.loads(handed)[999], features[999])


def test_vectors_of_another_length_are_refused(encoder: Precomputed) -> None:
    wrong = np.zeros((2, WIDTH + 1))
    for attempt in (encoder.load, lambda value: encoder.features([value])):
        with pytest.raises(EncoderError, match=r"'visual' have 4 numbers a vector, .* takes 3"):
            attempt(wrong)


def test_the_top_is_finite_and_learns_where_rows_are_missing(encoder: Precomputed) -> None:
    features = encoder.features([vectors(2), None, vectors(5)])
    tokens = encoder.trainable_layers.train()(pad([features[row] for row in range(3)]))
    assert tokens.values.shape == (3, 5, encoder.dim)
    assert tokens.present.tolist() == [True, False, True]
    tokens.mean().sum().backward()
    gradients = [parameter.grad for parameter in encoder.trainable_layers.parameters()]
    assert len(gradients) == 2
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("name", ["values", "type", "training", "forward"])
def test_a_name_that_no_part_of_a_model_can_have_is_refused(name: str) -> None:
    with pytest.raises(EncoderError, match=f"{name!r}.*another name"):
        Precomputed(modality=name, width=WIDTH)

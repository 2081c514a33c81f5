"""Encoders as plain settings, by which another process finds the same ones."""

from collections.abc import Mapping
from typing import Any

from chiasm.encoders.base import Encoder
from chiasm.encoders.registry import load_encoder
from chiasm.errors import EncoderError


def encoder_config(encoder: Encoder) -> dict[str, Any]:
    """The settings of an encoder, and the fingerprint that tells whether they lead to the same."""
    return {
        "name": encoder.name,
        "kind": encoder.kind,
        "revision": encoder.revision,
        "trainable_blocks": encoder.trainable_blocks,
        "random_init": encoder.random_init,
        "lora": encoder.lora,
        "max_seconds": encoder.max_seconds,
        "fingerprint": encoder.fingerprint,
    }


def load_from_config(modality: str, described: Mapping[str, Any]) -> Encoder:
    """Load the encoder of a modality by its description, which may have no kind yet.

    Raises:
        EncoderError: it cannot be had, or gives other tokens than the described one.
    """
    settings = dict(described)
    expected = settings.pop("fingerprint")
    encoder = load_encoder(modality, **settings)
    if encoder.fingerprint != expected:
        raise EncoderError(
            f"The {modality} encoder '{encoder.name}' is not the one that is asked for: its "
            "weights, preprocessing or version differ here, so results would be wrong. Install the "
            "one that the model was trained with, the same on all machines, or train the model "
            "again."
        )
    return encoder

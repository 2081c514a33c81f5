"""encode_on_ray: run an encoder over many values on a cluster."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from chiasm.data.media.facts import Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.encoder_config import encoder_config, load_from_config
from chiasm.encoders.features.encoding import Encoded, by_length, compute_here
from chiasm.scale.actors import Outcome, run_on_actors
from chiasm.scale.cluster import absolute

# Seconds of work, and some 16 MB of tokens if they are images.
_VALUES = 128


def encode_on_ray(encoder: Encoder, values: Mapping[bytes, Value]) -> Iterator[Encoded]:
    """Encode values, given by their digests, on the cluster that was joined.

    Every machine loads the encoder by name, and reads files by their paths.

    Raises:
        EncoderError: a machine has another encoder of that name, or none.
    """
    keys = by_length(encoder, values)
    tasks = [
        {key: absolute(values[key]) for key in keys[start : start + _VALUES]}
        for start in range(0, len(keys), _VALUES)
    ]
    work = _EncodeValues(encoder.modality, encoder_config(encoder))
    for _, outcome in run_on_actors(work, tasks):
        yield Encoded(
            tokens={bytes.fromhex(key): t for key, t in load(outcome["tokens"]).items()},
            failed={bytes.fromhex(key): r for key, r in json.loads(outcome["failed"]).items()},
        )


@dataclass(frozen=True)
class _EncodeValues:
    modality: str
    described: dict[str, Any]

    @cached_property
    def _encoder(self) -> Encoder:
        return load_from_config(self.modality, self.described)

    def __call__(self, values: dict[bytes, Value]) -> Outcome:
        tokens: dict[str, Tensor] = {}
        failed: dict[str, str] = {}
        for batch in compute_here(self._encoder, values):
            tokens |= {key.hex(): t.contiguous() for key, t in batch.tokens.items()}
            failed |= {key.hex(): reason for key, reason in batch.failed.items()}
        return {"tokens": save(tokens), "failed": json.dumps(failed)}

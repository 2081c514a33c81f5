"""Any vision model in the Hugging Face layout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from transformers import AutoImageProcessor

from chiasm.data.pictures import open_picture
from chiasm.encoders.base import Encoder
from chiasm.encoders.device import default_device
from chiasm.encoders.huggingface.checkpoint import fingerprint_of, load_network
from chiasm.encoders.run_by_shape import run_by_shape
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import EncoderError


class HuggingFaceImage(Encoder):
    """A frozen vision model: its last hidden states, or its last map of features row by row."""

    modality = "image"
    trainable_blocks = 0

    def __init__(self, folder: Path, *, name: str, revision: str | None = None) -> None:
        self.name = name
        self.revision = revision
        self.top = nn.Identity()
        self._device = default_device()
        self._network = load_network(folder, name=name, modality="image").to(self._device)
        try:
            self._processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, backend="pil", trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, ImportError) as error:
            raise EncoderError(
                f"The image processor of {name!r} cannot be loaded: {error}"
            ) from error
        self.fingerprint = fingerprint_of(folder, "image")
        grey = self._preprocess(Image.new("RGB", (64, 64), "grey"))
        self.trunk_dim = self.dim = self.trunk([grey]).values.shape[2]

    def load(self, value: Path | bytes) -> NDArray[np.float32]:
        """The picture as the network takes it: ``[3, h, w]``."""
        return self._preprocess(open_picture(value))

    def _preprocess(self, picture: Image.Image) -> NDArray[np.float32]:
        pixels = self._processor(images=picture, return_tensors="np")["pixel_values"]
        return np.asarray(pixels[0], dtype=np.float32)

    @torch.no_grad()
    def trunk(self, batch: Sequence[NDArray[np.float32]]) -> Tokens:
        # A processor that keeps the aspect ratio gives pictures of several sizes.
        return pad(run_by_shape(self._tokens, batch, device=self._device))

    def _tokens(self, pixels: Tensor) -> Tensor:
        values: Tensor = self._network(pixel_values=pixels).last_hidden_state
        if values.dim() == 4:
            values = values.flatten(2).transpose(1, 2)  # [b, d, h, w] -> [b, l, d]
        return values

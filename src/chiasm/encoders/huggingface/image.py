"""Any vision model in the Hugging Face layout."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from transformers import AutoImageProcessor

from chiasm.data.media.images import open_image
from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.compute.device import default_device
from chiasm.encoders.compute.shapes import run_by_shape
from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.huggingface.checkpoint import fingerprint_of, first_trial, load_network
from chiasm.encoders.huggingface.processor import as_pixels
from chiasm.encoders.huggingface.split import (
    Block,
    RemainingLayers,
    blocks_of,
    check_alone,
    check_halves,
    cut_settings,
    find_blocks,
    first_cut,
    freeze_unused,
    split,
)
from chiasm.encoders.tokens import Tokens, pad
from chiasm.encoders.trainable.augmentation import RandomFlipAndCrop
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.errors import EncoderError
from chiasm.inference.token_spans import Box, TokenSpan, grid_spans

# Axes of tokens, rows aside; a map has one more.
_SEQUENCE = 2


class HuggingFaceImage(Encoder):
    """A vision model: its last hidden states, or its last map of features row by row."""

    kind = "image"

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        modality: str = "image",
        revision: str | None = None,
        trainable_blocks: TrainableBlocks = 0,
        random_init: bool = False,
    ) -> None:
        self.name = name
        self.modality = modality
        self.revision = revision
        self.trainable_blocks = trainable_blocks
        self.random_init = random_init
        self._device = default_device()
        network = load_network(folder, name=name, kind=self.kind, random_init=random_init)
        network.to(self._device)
        try:
            self._processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, backend="pil", trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, ImportError) as error:
            raise EncoderError(
                f"The image processor of {name!r} cannot be loaded: {error}"
            ) from error
        cut = cut_settings(network, trainable_blocks)
        self.fingerprint = fingerprint_of(folder, self.kind, trainable_blocks, *cut)
        with first_trial(name, self.kind, network), torch.no_grad():
            grey = self._preprocess(Image.new("RGB", (64, 64), "grey"))
            wide = self._preprocess(Image.new("RGB", (64, 48)))
            if trainable_blocks != 0 and wide.shape != grey.shape:
                raise EncoderError(
                    f"{name!r} keeps the shape of an image, so it can only be used frozen: give 0 "
                    "trainable blocks."
                )
            self._divide(network, grey)

    def _divide(self, network: nn.Module, first: NDArray[np.float32]) -> None:
        """Divide a network into frozen and trainable layers, and make sure that they can be used.

        Raises:
            EncoderError: it cannot be divided so, or its tokens depend on other images.
        """
        other = np.random.default_rng(0).normal(size=first.shape).astype(np.float32)
        pixels = torch.from_numpy(np.stack([first, other])).to(self._device)

        def run(network: nn.Module) -> Tensor:
            return _as_tokens(network(pixel_values=pixels).last_hidden_state)

        whole = run(network)
        alone = _as_tokens(network(pixel_values=pixels[:1]).last_hidden_state)
        check_alone(whole[:1], alone, self.name)
        with first_cut(self.name, self.trainable_blocks):
            if self.trainable_blocks == 0:
                self._frozen, self.trainable_layers = network, nn.Identity()
            elif self.trainable_blocks == "all":
                blocks = find_blocks(network, lambda: run(network))
                self.trainable_layers = _TrainableImageLayers(network, blocks, shape=first.shape)
                self.trainable_layers.keeps_statistics = not self.random_init
            else:
                self._frozen, remaining, blocks = split(
                    network, self.trainable_blocks, self.name, run
                )
                self.trainable_layers = _TrainableImageLayers(remaining, blocks, shape=first.shape)
            frozen = self.encode_frozen([first, other])
            self.frozen_dim = frozen.values.shape[2]
            made = (
                self.trainable_layers(frozen.to(self._device)).values
                if self.trainable_blocks
                else frozen.values
            )
            check_halves(whole.cpu(), made.cpu(), self.name)
            self.dim = made.shape[2]
            if self.trainable_blocks not in (0, "all"):
                freeze_unused(self.trainable_layers, frozen.to(self._device))

    def load(self, value: Path | bytes) -> NDArray[np.float32]:
        """The image as the network takes it: ``[3, h, w]``."""
        return self._preprocess(open_image(value))

    def _preprocess(self, image: Image.Image) -> NDArray[np.float32]:
        pixels = self._processor(images=image, return_tensors="np")["pixel_values"]
        return np.asarray(pixels[0], dtype=np.float32)

    @torch.no_grad()
    def encode_frozen(self, batch: Sequence[NDArray[np.float32]]) -> Tokens:
        # A processor that keeps the aspect ratio gives images of several sizes.
        return pad(run_by_shape(self._tokens, batch, device=self._device))

    def token_spans(self, value: Path | bytes, count: int) -> list[TokenSpan]:
        image = open_image(value)
        _, height, width = self._preprocess(image).shape
        # The tokens of cells are preceded by those of the whole, if there are any.
        stride = next(s for s in range(1, height + 1) if (height // s) * (width // s) <= count)
        rows, columns = height // stride, width // stride
        box = self._seen_part(image.size)
        return grid_spans(rows, columns, whole=count - rows * columns, box=box)

    def _seen_part(self, size: tuple[int, int]) -> Box:
        """Which part of an image of this size is left after the processor's resizing and cropping.

        Found by showing it images that grow brighter from left to right, and from top to bottom.
        """
        width, height = size
        across = np.broadcast_to(np.linspace(0, 255, width), (height, width))
        down = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
        black, white, across_seen, down_seen = (
            self._preprocess(Image.fromarray(np.uint8(np.stack([grey] * 3, axis=2))))[0]
            for grey in (np.zeros_like(across), np.full_like(across, 255), across, down)
        )
        left, right = _ends(((across_seen - black) / (white - black)).mean(axis=0))
        top, bottom = _ends(((down_seen - black) / (white - black)).mean(axis=1))
        return left, top, right, bottom

    def _tokens(self, pixels: Tensor) -> Tensor:
        if self.trainable_blocks == "all":
            return _as_tokens(pixels)
        output = self._frozen(pixel_values=pixels)
        return _as_tokens(output if self.trainable_blocks else output.last_hidden_state)

    def export_spec(self) -> ExportSpec:
        """The frozen layers as they are exported.

        Raises:
            EncoderError: its processor does other things than resize, cut out the middle and
                standardise.
        """
        preprocessing = as_pixels(self._processor)
        if preprocessing is None:
            raise EncoderError(
                f"The image encoder {self.name!r} cannot be exported: its processor does not "
                "simply resize, cut out the middle and standardise. Train a model with another "
                "encoder."
            )
        return ExportSpec(
            preprocessing=preprocessing,
            network=nn.Identity() if self.trainable_blocks == "all" else self._frozen,
            tokens=self._tokens,
            example=torch.zeros(2, *self._preprocess(Image.new("RGB", (64, 64))).shape),
        )


def _as_tokens(values: Tensor) -> Tensor:
    # [b, d, h, w] -> [b, l, d]
    return values.flatten(2).transpose(1, 2) if values.dim() == 4 else values


def _ends(positions: NDArray[np.float32]) -> tuple[float, float]:
    """Where a row of equal pixels begins and ends, from where their middles are."""
    low, high = len(positions) // 4, 3 * len(positions) // 4
    step = (positions[high] - positions[low]) / (high - low)
    begin = float(positions[low] - (low + 0.5) * step)
    return begin, begin + float(step) * len(positions)


class _TrainableImageLayers(TrainableLayers):
    """The last blocks of a vision model, or all of it on pixels ``shape`` [3, h, w]."""

    def __init__(
        self, network: nn.Module, blocks: Sequence[Block], *, shape: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(True)
        self._names = [block.name for block in blocks]
        if isinstance(network, RemainingLayers):
            (self._given,) = (b.given[1:] for b in blocks if b.name == network.names[0])
        self.shape = shape
        self.view = RandomFlipAndCrop()

    def forward(self, tokens: Tokens) -> Tokens:
        given = tokens.values.float()
        if isinstance(self.network, RemainingLayers):
            pixels = given.new_zeros(len(given), *self.shape)
            values = _as_tokens(self.network(self._lay_out(given), pixel_values=pixels))
        else:
            pixels = _fill(given, math.prod(self.shape[1:])).transpose(1, 2)
            pixels = self.view(pixels.reshape(len(given), *self.shape))
            values = _as_tokens(self.network(pixel_values=pixels).last_hidden_state)
        return Tokens(values, tokens.present[:, None].expand(values.shape[:2]))

    def _lay_out(self, tokens: Tensor) -> Tensor:
        """Tokens as the first of these blocks takes them: those of a map as that map."""
        if len(self._given) == _SEQUENCE:
            return _fill(tokens, self._given[0])
        filled = _fill(tokens, math.prod(self._given[1:]))
        return filled.transpose(1, 2).reshape(len(tokens), *self._given)

    def blocks(self) -> Sequence[nn.Module]:
        return blocks_of(self.network, self._names)


def _fill(values: Tensor, length: int) -> Tensor:
    """Tokens of a batch without any image, which is one token long, at their full length."""
    return values.expand(-1, length, -1) if values.shape[1] == 1 else values

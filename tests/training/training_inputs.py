"""A problem that needs both modalities, and encoders that cost nothing."""

import os
import signal
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from chiasm.data.media.kinds import default_kind
from chiasm.encoders.base import Encoder
from chiasm.encoders.features.store import Features, InMemory
from chiasm.encoders.tokens import Tokens, pad
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.tasks.multiclass import Multiclass
from chiasm.training.config import TrainingConfig
from chiasm.training.loop.epochs import Epoch

WIDTH = 6
CLASSES = ("negative", "positive")
CONFIG = TrainingConfig(epochs=6, patience=1.0, batch_size=16, learning_rate=2e-2, weight_decay=0.0)


class TwoBlocks(TrainableLayers):
    """Two layers that start as the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)])
        for layer in self.layers:
            nn.init.eye_(layer.weight)

    def forward(self, tokens: Tokens) -> Tokens:
        values = tokens.values
        for layer in self.layers:
            values = layer(values)
        return Tokens(values, tokens.mask)

    def blocks(self) -> Sequence[nn.Module]:
        return list(self.layers)


class VectorEncoder(Encoder):
    """Its raw values are token matrices already."""

    frozen_dim = dim = WIDTH
    fingerprint = "vectors"

    def __init__(self, modality: str, *, tuned: bool = False) -> None:
        self.name = self.modality = modality
        self.kind = default_kind(modality)
        self.trainable_blocks = "all" if tuned else 0
        self.trainable_layers = TwoBlocks() if tuned else nn.Identity()

    def load(self, value: torch.Tensor) -> torch.Tensor:
        return value

    def encode_frozen(self, batch: Sequence[torch.Tensor]) -> Tokens:
        return pad(batch)


def make_model(fusion: str = "concat", *, seed: int = 0, tuned: bool = False) -> FusionClassifier:
    torch.manual_seed(seed)
    encoders = {m: VectorEncoder(m, tuned=tuned) for m in ("text", "image")}
    config = FusionConfig(name=fusion, dim=8, num_heads=2, dropout=0.1, modality_dropout=0.0)
    return FusionClassifier(encoders=encoders, fusion=config, task=Multiclass(CLASSES))


def make_rows(count: int, *, seed: int) -> EncodedTable:
    """Label 1 where the signs of text and image sum to more than 0: neither alone suffices."""
    generator = torch.Generator().manual_seed(seed)
    features = {}
    score = torch.zeros(count)
    for modality in ("text", "image"):
        store = InMemory()
        for row in range(count):
            tokens = torch.randn(3, WIDTH, generator=generator)
            score[row] += tokens[:, 0].mean()
            store[row.to_bytes(4, "big")] = tokens.half()
        features[modality] = Features(
            keys=list(store), store=store, dim=WIDTH, encoded=count, reused=0
        )
    return EncodedTable(features, (score > 0).int().tolist())


def accuracy(logits: torch.Tensor, labels: np.ndarray) -> float:
    return float((logits.argmax(dim=1).numpy() == labels).mean())


class Interrupt(list[Epoch]):
    """Collects epochs, and presses Ctrl-C after some of them."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def __call__(self, epoch: Epoch) -> None:
        self.append(epoch)
        if len(self) == self.after:
            os.kill(os.getpid(), signal.SIGINT)

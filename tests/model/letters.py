"""An encoder so small that its tokens can be worked out by hand, and tables for it."""

from collections.abc import Sequence

import torch
from torch import nn

from chiasm.data.media.facts import Value
from chiasm.data.media.kinds import default_kind
from chiasm.data.table import Problem, Table
from chiasm.encoders.base import Encoder
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import UnreadableExample
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.multiclass import Multiclass

CLASSES = ("bad", "fair", "good")


class LetterLayers(nn.Module):
    """A trainable top: one linear layer over each token."""

    def __init__(self, frozen_dim: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(frozen_dim, dim)

    def forward(self, tokens: Tokens) -> Tokens:
        return Tokens(self.linear(tokens.values), tokens.mask)


class LetterEncoder(Encoder):
    """A token for each letter of a text or byte of an image; "!" cannot be read."""

    frozen_dim = 4

    def __init__(
        self, modality: str, *, trainable_blocks: int = 0, fingerprint: str = "letters 1"
    ) -> None:
        self.name = "letters"
        self.kind = default_kind(modality)
        self.modality = modality
        self.trainable_blocks = trainable_blocks
        self.fingerprint = f"{fingerprint} {modality}"
        self.dim = 6 if trainable_blocks else self.frozen_dim
        self.trainable_layers = (
            LetterLayers(self.frozen_dim, self.dim) if trainable_blocks else nn.Identity()
        )

    def load(self, value: str | bytes) -> bytes:
        letters = value.encode() if isinstance(value, str) else value
        if b"!" in letters:
            raise UnreadableExample("shouted")
        return letters

    def encode_frozen(self, batch: Sequence[bytes]) -> Tokens:
        return pad(
            [
                torch.tensor([[x % 7, x % 5, x % 3, place] for place, x in enumerate(letters)])
                .reshape(-1, self.frozen_dim)
                .float()
                for letters in batch
            ]
        )


def make_encoders(*, trainable_blocks: int = 0) -> dict[str, Encoder]:
    return {m: LetterEncoder(m, trainable_blocks=trainable_blocks) for m in ("text", "image")}


def make_model(
    name: str = "cross_attention", *, seed: int = 0, trainable_blocks: int = 0
) -> FusionClassifier:
    torch.manual_seed(seed)
    fusion = FusionConfig(name=name, dim=8, num_heads=2, modality_dropout=0.3)
    encoders = make_encoders(trainable_blocks=trainable_blocks)
    return FusionClassifier(encoders=encoders, fusion=fusion, task=Multiclass(CLASSES)).eval()


def make_table(
    *,
    text: Sequence[Value | None] | None = None,
    image: Sequence[Value | None] | None = None,
    labels: Sequence[str | None] | None = None,
    problems: Sequence[Problem] = (),
) -> Table:
    """A table with these columns, whose rows are called r0, r1, ..."""
    columns = {"text": text, "image": image}
    values = {m: tuple(column) for m, column in columns.items() if column is not None}
    rows = len(next(iter(values.values())))
    nothing = (None,) * rows
    return Table(
        source="letters.csv",
        encoding=None,
        ids=tuple(f"r{i}" for i in range(rows)),
        values=values,
        labels=nothing if labels is None else tuple(labels),
        split=nothing,
        group=nothing,
        usable=(True,) * rows,
        problems=tuple(problems),
        facts={m: nothing for m in values if default_kind(m) in ("image", "audio")},
    )

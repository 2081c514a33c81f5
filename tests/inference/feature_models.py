"""Models of precomputed features, whose encoders cost little to export, and rows for them."""

import numpy as np
import torch

from chiasm.encoders.precomputed import Precomputed
from chiasm.encoders.tokens import Tokens
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.multiclass import Multiclass

CLASSES = ("bad", "fair", "good")
WIDTHS = {"visual": 3, "acoustic": 5}
Row = dict[str, np.ndarray]


def make_model(name: str = "cross_attention") -> FusionClassifier:
    """A model with statistics of features and weights such that all of them count."""
    torch.manual_seed(0)
    model = FusionClassifier(
        encoders={m: Precomputed(modality=m, width=width) for m, width in WIDTHS.items()},
        fusion=FusionConfig(name=name, dim=8, num_heads=2),
        task=Multiclass(CLASSES),
    )
    for modality in model.modalities:
        seen = torch.randn(8, 6, WIDTHS[modality]) * 3 + 1
        model.trainable_layers[modality].train()(Tokens(seen, torch.ones(8, 6, dtype=torch.bool)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
        model.temperature.fill_(1.3)
    return model.eval()


def make_rows(count: int = 11) -> list[Row]:
    """Rows with sequences of several lengths, with each modality missing in some, both in one."""
    random = np.random.default_rng(0)
    rows = []
    for place in range(count):
        row = {m: random.normal(1, 3, (1 + place % 4, width)) for m, width in WIDTHS.items()}
        if place % 3 == 1:
            del row["visual"]
        if place % 4 == 1:
            del row["acoustic"]
        rows.append(row)
    return rows

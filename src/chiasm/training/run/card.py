"""The README of a saved model."""

from chiasm.encoders.base import Encoder
from chiasm.encoders.precomputed import Precomputed
from chiasm.tasks.metrics import Metrics
from chiasm.training.run.result import TrainedModel

_CARD = """---
library_name: chiasm
tags:
- multimodal
---

# {fusion} classifier of {modalities}

Tells {classes} apart; trained by chiasm on {train_rows:,} rows.

| part | rows | accuracy | macro-F1 | weighted F1 | ECE |
|---|---|---|---|---|---|
{metrics}

The validation rows chose the epochs and the temperature, so their figures are on the high side.

- Encoders: {encoders}. What is frozen of them is loaded by name and checked by fingerprint.
- {parameters:,} trained parameters, in `model.safetensors`; how they came about is in `run.json`.
- A row may lack any of the modalities.

Use it with `chiasm predict`, `chiasm evaluate` or `chiasm.Classifier.load`.
"""


def model_card(trained: TrainedModel) -> str:
    """What the model is, how it did and how to use it, as Markdown with hub metadata."""
    model = trained.model
    parts = {"validation": trained.validation, "test": trained.test}
    return _CARD.format(
        fusion=model.fusion_config.name,
        modalities=" and ".join(model.modalities),
        classes=", ".join(model.classes),
        train_rows=len(trained.parts.train),
        metrics="\n".join(_row(name, part) for name, part in parts.items() if part is not None),
        encoders="; ".join(
            f"{encoder.name} ({m}), {what_was_trained(encoder)}"
            for m, encoder in model.encoders.items()
        ),
        parameters=model.trained_parameters,
    )


def what_was_trained(encoder: Encoder) -> str:
    """How much of an encoder is trained with the fusion, in words."""
    blocks = encoder.trainable_blocks
    if isinstance(encoder, Precomputed):
        return "features of the data, through a trained linear layer"
    if blocks == 0:
        return "frozen"
    if encoder.random_init:
        return "wholly trained, from random weights"
    if encoder.lora:
        where = "all blocks" if blocks == "all" else _last(blocks)
        return f"trained by LoRA of rank {encoder.lora} in {where}"
    return "wholly trained" if blocks == "all" else f"{_last(blocks)} trained"


def _last(blocks: int) -> str:
    return "the last block" if blocks == 1 else f"the last {blocks} blocks"


def _row(name: str, metrics: Metrics) -> str:
    figures = (metrics.accuracy, metrics.macro.f1, metrics.weighted.f1, metrics.ece)
    return f"| {name} | {metrics.rows:,} | " + " | ".join(f"{x:.3f}" for x in figures) + " |"

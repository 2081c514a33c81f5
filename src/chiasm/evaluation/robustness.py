"""How much a model relies on each modality: its predictions when one of them is damaged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chiasm.encoders.tokens import Tokens
from chiasm.evaluation.comparison import Difference, Score
from chiasm.evaluation.significance import ClusterBootstrap, interval
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, stack_tokens

Array = np.ndarray[Any, np.dtype[Any]]

_BATCH_SIZE = 64


@dataclass(frozen=True)
class Robustness:
    """Accuracy where one modality of every row is damaged, and its change against whole rows."""

    damage: str
    accuracy: Score
    change: Difference


@torch.inference_mode()
def predict_damaged(model: FusionClassifier, rows: EncodedTable, *, seed: int) -> dict[str, Array]:
    """Calibrated probabilities ``[n, classes]`` by kind of damage, for each modality in turn.

    "removed": missing, as the training may have seen it; "shuffled": that of another row; "noise":
    normal noise on its encoded tokens, as wide as each of their features is in these rows. The
    encoders' tops run once. A model of one modality cannot do without it.
    """
    device = model.temperature.device
    was_training = model.training
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    # Rows of a batch exchange what they have, so who is in a batch with whom is drawn by lot.
    order = torch.randperm(len(rows), generator=generator).tolist()
    parts: dict[str, list[Array]] = {}
    for batch in np.array_split(order, -(-len(rows) // _BATCH_SIZE)):
        tokens = stack_tokens([rows[int(row)] for row in batch])
        encoded = model.encode({m: t.to(device) for m, t in tokens.items()})
        for modality in model.modalities:
            for name, damage in _DAMAGES.items():
                if name == "removed" and len(model.modalities) == 1:
                    continue
                damaged = encoded | {modality: damage(encoded[modality], generator)}
                scaled = model.classify(damaged).logits.float().cpu() / model.temperature.cpu()
                key = f"{modality} {name}"
                parts.setdefault(key, []).append(scaled.softmax(dim=-1).numpy())
    model.train(was_training)
    back = np.argsort(order)
    return {name: np.concatenate(made)[back] for name, made in parts.items()}


def judge_damaged(
    probabilities: Array,
    damaged: Mapping[str, Array],
    labels: Array,
    groups: Array,
    *,
    seed: int,
) -> tuple[Robustness, ...]:
    """Accuracy under each damage, with 95 % intervals by the bootstrap of ``compare``.

    Args:
        probabilities: ``[n, classes]`` of the whole rows.
        damaged: those of the damaged ones, by kind of damage.
        labels: class indices ``[n]``.
        groups: which rows are no independent ones ``[n]``.
        seed: of the bootstrap.
    """
    bootstrap = ClusterBootstrap(labels, groups, classes=probabilities.shape[1], seed=seed)

    def accuracy(made: Array) -> tuple[float, Array]:
        called = made.argmax(axis=1)
        return float((called == labels).mean()), bootstrap.accuracy(called)

    whole, whole_resampled = accuracy(probabilities)
    judged = []
    for name, made in damaged.items():
        mean, resampled = accuracy(made)
        own, change = interval(resampled), interval(resampled - whole_resampled)
        judged.append(
            Robustness(
                damage=name,
                accuracy=Score(mean=mean, sd=None, low=own.low, high=own.high),
                change=Difference(mean=mean - whole, low=change.low, high=change.high),
            )
        )
    return tuple(judged)


def _remove(tokens: Tokens, generator: torch.Generator) -> Tokens:
    return Tokens(tokens.values, torch.zeros_like(tokens.mask))


def _shuffle(tokens: Tokens, generator: torch.Generator) -> Tokens:
    return Tokens(tokens.values.roll(1, dims=0), tokens.mask.roll(1, dims=0))


def _add_noise(tokens: Tokens, generator: torch.Generator) -> Tokens:
    real = tokens.values[tokens.mask]
    # A feature of a single token has no width.
    width = real.std(dim=0) if len(real) > 1 else torch.zeros_like(tokens.values[0, 0])
    noise = torch.randn(tokens.values.shape, generator=generator).to(tokens.values.device)
    return Tokens(tokens.values + noise * width * tokens.mask[..., None], tokens.mask)


_DAMAGES: dict[str, Callable[[Tokens, torch.Generator], Tokens]] = {
    "removed": _remove,
    "shuffled": _shuffle,
    "noise": _add_noise,
}

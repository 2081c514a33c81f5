"""How much a model relies on each modality: its predictions when one of them is damaged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.evaluation.comparison import Difference, Score
from chiasm.evaluation.significance import ClusterBootstrap, interval
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import calibrate, encoded_batches
from chiasm.utils.arrays import Array


@dataclass(frozen=True)
class Robustness:
    """Accuracy where one modality of every row is damaged, and its change against whole rows."""

    damage: str
    accuracy: Score
    change: Difference


@torch.inference_mode()
def predict_damaged(model: FusionClassifier, rows: EncodedTable, *, seed: int) -> dict[str, Array]:
    """Calibrated probabilities ``[n, classes]`` by kind of damage, for each modality in turn.

    "removed": missing; "shuffled": that of another row; "noise": normal noise on its encoded
    tokens, with the standard deviation that each of their features has in these rows.
    """
    generator = torch.Generator().manual_seed(seed)
    # Rows of a batch exchange what they have, so who is in a batch with whom is drawn by lot.
    order = torch.randperm(len(rows), generator=generator).numpy()
    logits: dict[str, list[Tensor]] = {}
    for batch in encoded_batches(model, rows.take(order)):
        for modality, (name, damage) in product(model.modalities, _DAMAGES.items()):
            damaged = batch | {modality: damage(batch[modality], generator)}
            logits.setdefault(f"{modality} {name}", []).append(model.classify(damaged).logits)
    back = order.argsort()
    return {
        name: calibrate(model, torch.cat(parts)).numpy()[back] for name, parts in logits.items()
    }


def evaluate_damaged(
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
    bootstrap = ClusterBootstrap(labels, groups, num_classes=probabilities.shape[1], seed=seed)

    def accuracy(made: Array) -> tuple[float, Array]:
        predicted = made.argmax(axis=1)
        return float((predicted == labels).mean()), bootstrap.accuracy(predicted)

    whole, whole_resampled = accuracy(probabilities)
    evaluated = []
    for name, made in damaged.items():
        mean, resampled = accuracy(made)
        own, change = interval(resampled), interval(resampled - whole_resampled)
        evaluated.append(
            Robustness(
                damage=name,
                accuracy=Score(mean=mean, sd=None, low=own.low, high=own.high),
                change=Difference(mean=mean - whole, low=change.low, high=change.high),
            )
        )
    return tuple(evaluated)


def _remove(tokens: Tokens, generator: torch.Generator) -> Tokens:
    # One masked token is as good as many, and cheaper.
    return Tokens(tokens.values[:, :1], torch.zeros_like(tokens.mask[:, :1]))


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

"""What each modality adds to the prediction of each row."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.cross_attention import CrossAttention
from chiasm.inference.shapley import Coalition, coalitions, shapley_values
from chiasm.model.classifier import ClassifierOutput, FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import calibrate, encoded_batches
from chiasm.utils.arrays import Floats


@dataclass(frozen=True)
class Contributions:
    """Exact Shapley values of the modalities of each row, in calibrated probability.

    Attributes:
        modalities: the m modalities that the model looks at.
        classes: the c labels, in the order of the probabilities.
        values: ``[n, m, c]``; over m and with ``base`` they sum to ``prediction``.
        interactions: ``[n, c]`` by pair of modalities, in alphabetical order: what the two add
            together beyond what each adds alone.
        base: ``[c]``, the prediction where every modality is missing.
        prediction: ``[n, c]``, the very probabilities that are predicted.
        null_mass: by direction ("text->image") ``[n]``, how much of the attention of the querying
            modality's tokens went to the null key, between 0 and 1: 0.81 means that 81 % of it
            found nothing to use. NaN in a row without the querying modality, 1 in one without the
            other. By modality ("image"), how much of what was gathered from it in the end is the
            null token; 1 in a row without it. Empty for a fusion without attention.
    """

    modalities: tuple[str, ...]
    classes: tuple[str, ...]
    values: Floats
    interactions: dict[tuple[str, str], Floats]
    base: Floats
    prediction: Floats
    null_mass: dict[str, Floats]

    def take(self, rows: Sequence[int]) -> "Contributions":
        """Those of the rows at these positions."""
        positions = list(rows)
        return replace(
            self,
            values=self.values[positions],
            interactions={pair: x[positions] for pair, x in self.interactions.items()},
            prediction=self.prediction[positions],
            null_mass={direction: x[positions] for direction, x in self.null_mass.items()},
        )


@torch.inference_mode()
def modality_contributions(model: FusionClassifier, rows: EncodedTable) -> Contributions:
    """Predict every row with every set of its modalities, the others missing as in training.

    The trainable layers run once; only the fusion and the head run for each set, on a single token
    of a modality that counts as missing. The prediction of all modalities is made just as without
    an explanation, so that it is the same to the last bit.
    """
    everyone = frozenset(model.modalities)
    sets = [chosen for chosen in coalitions(model.modalities) if chosen]
    empty = torch.empty(0, len(model.classes))
    logits: dict[Coalition, list[Tensor]] = {chosen: [empty] for chosen in sets}
    masses: list[dict[str, Tensor]] = []
    with _pooling(model.fusion) as pooling:
        for batch in encoded_batches(model, rows):
            for chosen in sets:
                output = model.classify(_only(batch, chosen), need_weights=chosen == everyone)
                logits[chosen].append(output.logits)
                if chosen == everyone:
                    masses.append(_null_masses(batch, output) | pooling)
    predictions = {
        chosen: _float64(calibrate(model, torch.cat(parts))) for chosen, parts in logits.items()
    }
    # Where nothing is there, no row differs from another.
    base = _float64(calibrate(model, model.classify(_nothing(model)).logits))
    shapley = shapley_values(predictions | {frozenset(): base})
    return Contributions(
        modalities=model.modalities,
        classes=model.classes,
        values=np.stack([shapley.values[m] for m in model.modalities], axis=1),
        interactions=shapley.interactions,
        base=base[0],
        prediction=predictions[everyone],
        null_mass={
            direction: np.concatenate([_float64(mass[direction]) for mass in masses])
            for direction in (masses[0] if masses else ())
        },
    )


def _only(batch: Mapping[str, Tokens], chosen: Coalition) -> dict[str, Tokens]:
    return {m: tokens if m in chosen else _missing(tokens) for m, tokens in batch.items()}


def _missing(tokens: Tokens) -> Tokens:
    """One token that may not be looked at: the padding of a batch in which every row is missing."""
    return Tokens(tokens.values[:, :1], torch.zeros_like(tokens.mask[:, :1]))


def _nothing(model: FusionClassifier) -> dict[str, Tokens]:
    return {
        modality: Tokens(
            torch.zeros(1, 1, encoder.dim, device=model.temperature.device),
            torch.zeros(1, 1, dtype=torch.bool, device=model.temperature.device),
        )
        for modality, encoder in model.encoders.items()
    }


def _null_masses(batch: Mapping[str, Tokens], output: ClassifierOutput) -> dict[str, Tensor]:
    """The null key's weight, its mean over heads and real query tokens, ``[b]`` by direction."""
    masses = {}
    for direction, weights in (output.attention or {}).items():
        queries = batch[direction.split("->")[0]].mask
        # [b, h, q, k + 1] -> [b, q]
        null = weights[..., -1].mean(dim=1)
        masses[direction] = (null * queries).sum(dim=1) / queries.sum(dim=1)
    return masses


@contextmanager
def _pooling(fusion: nn.Module) -> Iterator[dict[str, Tensor]]:
    """The null token's weight in the pooling of each modality, ``[b]``, in the latest run."""
    nulls: dict[str, Tensor] = {}

    def note(modality: str, _module: nn.Module, _given: object, weights: Tensor) -> None:
        # [b, l + 1, h] -> [b]
        nulls[modality] = weights[:, -1].mean(dim=1)

    pools = fusion.pools.items() if isinstance(fusion, CrossAttention) else ()
    handles = [
        pool.get_submodule("softmax").register_forward_hook(partial(note, modality))
        for modality, pool in pools
    ]
    try:
        yield nulls
    finally:
        for handle in handles:
            handle.remove()


def _float64(x: Tensor) -> Floats:
    array: Floats = x.double().cpu().numpy()
    return array

"""audit: test every method of attribution on rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.evaluation.significance import ClusterBootstrap, Interval, interval
from chiasm.explanation.attribution.methods import check_methods, methods_for
from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.explanation.contributions import modality_contributions
from chiasm.explanation.faithfulness.curves import Curves, curves
from chiasm.explanation.faithfulness.naming import Naming, deciding_modalities, name_modalities
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.utils.arrays import Floats, Indices

RANDOM = "random order"
_RANDOM_ORDERS = 3


@dataclass(frozen=True)
class Gain:
    """An area, and by how much it is better than that of random orders of the same tokens."""

    area: float
    gain: float
    interval: Interval

    @property
    def is_better(self) -> bool:
        """Whether the 95 % interval of the gain lies above 0."""
        return self.interval.low > 0


@dataclass(frozen=True)
class Tested:
    """What a method is worth on one modality: curves are means over the rows."""

    modality: str
    method: str
    rows: int
    deletion: Gain
    insertion: Gain
    deletion_curve: tuple[float, ...]
    insertion_curve: tuple[float, ...]


@dataclass(frozen=True)
class Audit:
    """Every method on every modality, random order among them.

    ``naming`` is there where the data comes with the truth.
    """

    source: str
    rows: int
    tested: tuple[Tested, ...]
    naming: Naming | None

    @property
    def finding(self) -> str:
        """Which methods can be believed, in a sentence for each modality."""
        sentences = []
        for modality in dict.fromkeys(one.modality for one in self.tested):
            good = [
                one.method
                for one in self.tested
                if one.modality == modality
                and one.method != RANDOM
                and one.deletion.is_better
                and one.insertion.is_better
            ]
            told = ", ".join(good) if good else "no method"
            sentences.append(f"{modality}: {told} better than random in both tests")
        return "; ".join(sentences) + "."


def audit(
    model: FusionClassifier,
    table: Table,
    *,
    rows: int,
    seed: int = 0,
    group_by: Sequence[str] | None = None,
    cache: FeatureCache | None,
    strict: bool = False,
) -> Audit:
    """Draw rows and follow the predicted class while tokens go and come in each method's order.

    Gains are paired by row, and their intervals are bootstrapped over groups of duplicates, which
    ``group_by`` says what makes; None: any modality.

    Raises:
        DataError: the table has fewer than two rows that the model can look at; more than half of
            its rows are duplicates of each other; or no row has one of the modalities that the
            model looks at, and ``strict``.
        ChiasmError: a package that a method needs is not installed.
    """
    check_methods(model)
    # Before the long work, as more than half may be one group.
    groups = duplicate_groups(table, by=group_by)
    say_lacking(table, model.modalities, strict=strict)
    random = np.random.default_rng(seed)
    # Drawn before anything is encoded, which is what takes time.
    drawn = np.sort(random.permutation(_rows_with(table, model.modalities))[:rows])
    encoded = encode_table(table.take(drawn), model.encoders, cache=cache)
    drawn = drawn[encoded.present]
    if len(drawn) < 2:
        raise DataError(f"{table.source} has fewer than two rows that the model can look at.")
    part = encoded.take(np.flatnonzero(encoded.present))
    contributions = modality_contributions(model, part)
    predicted = contributions.prediction.argmax(axis=1)
    scores = {
        method: token_scores(model, part, method=method, target=predicted)
        for method in methods_for(model)
    }
    groups = groups[drawn]
    tested: list[Tested] = []
    for modality in model.modalities:
        tokens = [len(row.get(modality, ())) for row in scores["occlusion"]]
        seen = np.flatnonzero(tokens)
        if len(seen) < 2:
            continue
        bootstrap = ClusterBootstrap(
            predicted[seen], groups[seen], num_classes=len(model.classes), seed=seed
        )
        orders = [[random.random(tokens[row]) for row in seen] for _ in range(_RANDOM_ORDERS)]
        by_method = {
            method: [[found[row][modality] for row in seen]]
            for method, found in scores.items()
            if modality in found[int(seen[0])]
        }
        followed = {
            method: _mean(
                [
                    curves(model, part.take(seen), modality, s, target=predicted[seen])
                    for s in several
                ]
            )
            for method, several in (by_method | {RANDOM: orders}).items()
        }
        tested += [
            _test(modality, method, own, followed[RANDOM], bootstrap)
            for method, own in followed.items()
        ]
    values = contributions.values[np.arange(len(drawn)), :, predicted]
    totals = {"Shapley values": dict(zip(model.modalities, values.T, strict=True))}
    totals |= {method: _totals(found, model.modalities) for method, found in scores.items()}
    truth = deciding_modalities(table.take(drawn))
    return Audit(table.source, len(drawn), tuple(tested), name_modalities(truth, totals))


def _rows_with(table: Table, modalities: Sequence[str]) -> Indices:
    columns = [table.values[m] for m in modalities if m in table.values]
    rows = [any(value is not None for value in row) for row in zip(*columns, strict=True)]
    return np.flatnonzero(rows)


def _mean(several: Sequence[Curves]) -> Curves:
    return Curves(
        np.mean([one.deletion for one in several], axis=0),
        np.mean([one.insertion for one in several], axis=0),
    )


def _test(
    modality: str, method: str, own: Curves, random: Curves, bootstrap: ClusterBootstrap
) -> Tested:
    def gain(area: Floats, gains: Floats) -> Gain:
        resampled = bootstrap.mean(gains)
        return Gain(float(area.mean()), float(gains.mean()), interval(resampled))

    return Tested(
        modality=modality,
        method=method,
        rows=len(own.deletion),
        deletion=gain(own.deletion_area, random.deletion_area - own.deletion_area),
        insertion=gain(own.insertion_area, own.insertion_area - random.insertion_area),
        deletion_curve=tuple(map(float, own.deletion.mean(axis=0))),
        insertion_curve=tuple(map(float, own.insertion.mean(axis=0))),
    )


def _totals(scores: Sequence[Mapping[str, Floats]], modalities: Sequence[str]) -> dict[str, Floats]:
    return {
        m: np.array([float(row.get(m, np.zeros(1)).sum()) for row in scores]) for m in modalities
    }

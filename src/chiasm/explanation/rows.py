"""explain: say of rows why they are predicted as they are."""

from collections.abc import Mapping, Sequence

import numpy as np

from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.explanation.attention_maps import attention_maps
from chiasm.explanation.attribution.methods import check_methods, methods_for
from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.explanation.contributions import modality_contributions
from chiasm.explanation.counterfactual import counterfactuals
from chiasm.explanation.neighbours import Neighbours
from chiasm.explanation.result import Explanation
from chiasm.explanation.token_spans import token_spans
from chiasm.inference.attribution import Attribution
from chiasm.inference.missing_modalities import say_lacking
from chiasm.inference.token_spans import TokenSpan
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.utils.arrays import Indices


def explain(
    model: FusionClassifier,
    table: Table,
    *,
    rows: Sequence[int],
    target: str | None = None,
    contrast: str | None = None,
    training: Table | None = None,
    cache: FeatureCache | None,
    strict: bool = False,
) -> list[Explanation]:
    """Explain the rows of a table at these positions, those without anything readable left out.

    Args:
        model: left as it was, with the predictions it makes.
        table: where the rows are.
        rows: positions in the table.
        target: the class that is explained; None: the one that is predicted, row by row.
        contrast: the class it is held against; None: all others.
        training: where neighbours and exchanged values come from; None: from the table.
        cache: of the encoded features.
        strict: whether a table is refused of which all rows lack what the model looks at.

    Raises:
        DataError: the model does not know a class, or the two are the same; or the table is
            refused.
        ChiasmError: a package that a method needs is not installed.
    """
    _check_classes(model.classes, target, contrast)
    check_methods(model)
    say_lacking(table, model.modalities, strict=strict)
    encoded = encode_table(table, model.encoders, cache=cache)
    rows = [row for row in rows if encoded.present[row]]
    explained = encoded.take(np.array(rows, dtype=np.int64))
    contributions = modality_contributions(model, explained)
    predicted = contributions.prediction.argmax(axis=1)
    spans = token_spans(model, table, rows, explained)
    attributions = _attribute(
        model,
        explained,
        spans,
        predicted if target is None else np.full(len(rows), model.classes.index(target)),
        None if contrast is None else np.full(len(rows), model.classes.index(contrast)),
    )
    maps = attention_maps(model, explained, spans)
    known = table if training is None else training
    others = encoded if training is None else encode_table(known, model.encoders, cache=cache)
    neighbours = Neighbours(model, known, others)
    return [
        Explanation(
            id=table.ids[row],
            label=table.labels[row],
            values={m: v for m in spans[i] if (v := table.values[m][row]) is not None},
            kinds={m: encoder.kind for m, encoder in model.encoders.items()},
            predicted=model.classes[predicted[i]],
            contributions=contributions.take([i]),
            attributions=attributions[i],
            attention=tuple(maps[i]),
            counterfactuals=tuple(
                counterfactuals(model, explained.take(np.array([i])), others, known.ids, but=itself)
            ),
            neighbours=tuple(neighbours.nearest(explained.take(np.array([i])), but=itself)),
        )
        for i, row in enumerate(rows)
        for itself in [_positions_of(table, row, known)]
    ]


def _positions_of(table: Table, row: int, known: Table) -> set[int]:
    """Where a row stands among the known ones: an id alone may be that of another row there."""
    if known is table:
        return {row}
    return {
        position
        for position, name in enumerate(known.ids)
        if name == table.ids[row] and known.contents_of(position) == table.contents_of(row)
    }


def _check_classes(classes: Sequence[str], target: str | None, contrast: str | None) -> None:
    for name in (target, contrast):
        if name is not None and name not in classes:
            raise DataError(
                f"The model knows no class {name!r}. Choose from: {', '.join(classes)}."
            )
    if contrast is not None and (target is None or target == contrast):
        raise DataError(
            "A contrast needs two different classes, the one that is explained and the one it is "
            f"held against; given were {target!r} and {contrast!r}."
        )


def _attribute(
    model: FusionClassifier,
    rows: EncodedTable,
    spans: Sequence[Mapping[str, tuple[TokenSpan, ...]]],
    target: Indices,
    contrast: Indices | None,
) -> list[tuple[Attribution, ...]]:
    scored = {
        method: token_scores(model, rows, method=method, target=target, contrast=contrast)
        for method in methods_for(model)
    }
    return [
        tuple(
            Attribution(
                method=method,
                modality=modality,
                target=model.classes[target[row]],
                contrast=None if contrast is None else model.classes[contrast[row]],
                spans=spans[row][modality],
                scores=scores,
            )
            for method, found in scored.items()
            for modality, scores in found[row].items()
            if modality in spans[row]
        )
        for row in range(len(spans))
    ]

"""explain: say of rows why they are predicted as they are."""

from collections.abc import Mapping, Sequence

import numpy as np

from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.explanation.attention_maps import attention_maps
from chiasm.explanation.attribution.methods import check_methods, methods_for
from chiasm.explanation.attribution.token_scores import Indices, token_scores
from chiasm.explanation.contributions import modality_contributions
from chiasm.explanation.counterfactual import counterfactuals
from chiasm.explanation.neighbours import Neighbours
from chiasm.explanation.result import Explanation
from chiasm.explanation.token_spans import token_places
from chiasm.inference.attribution import Attribution
from chiasm.inference.missing_modalities import say_lacking
from chiasm.inference.token_spans import Place
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table


def explain(
    model: FusionClassifier,
    table: Table,
    *,
    rows: Sequence[int],
    chosen: str | None = None,
    against: str | None = None,
    training: Table | None = None,
    cache: FeatureCache | None,
    strict: bool = False,
) -> list[Explanation]:
    """Explain the rows of a table at these positions, those without anything readable left out.

    Args:
        model: left as it was, with the predictions it makes.
        table: where the rows are.
        rows: positions in the table.
        chosen: the class that is explained; None: the one that is predicted, row by row.
        against: the class it is held against; None: all others.
        training: where neighbours and exchanged values come from; None: from the table.
        cache: of the encoded features.
        strict: whether a table is refused of which all rows lack what the model looks at.

    Raises:
        DataError: the model does not know a class, or the two are the same; or the table is
            refused.
        ChiasmError: a package that a method needs is not installed.
    """
    _check_classes(model.classes, chosen, against)
    check_methods(model)
    say_lacking(table, model.modalities, strict=strict)
    encoded = encode_table(table, model.encoders, cache=cache)
    rows = [row for row in rows if encoded.present[row]]
    explained = encoded.take(np.array(rows, dtype=np.int64))
    contributions = modality_contributions(model, explained)
    predicted = contributions.prediction.argmax(axis=1)
    places = token_places(model, table, rows, explained)
    attributions = _attribute(
        model,
        explained,
        places,
        predicted if chosen is None else np.full(len(rows), model.classes.index(chosen)),
        None if against is None else np.full(len(rows), model.classes.index(against)),
    )
    maps = attention_maps(model, explained, places)
    known = table if training is None else training
    others = encoded if training is None else encode_table(known, model.encoders, cache=cache)
    neighbours = Neighbours(model, known, others)
    return [
        Explanation(
            id=table.ids[row],
            label=table.labels[row],
            values={m: v for m in places[i] if (v := table.values[m][row]) is not None},
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
        for itself in [_places_of(table, row, known)]
    ]


def _places_of(table: Table, row: int, known: Table) -> set[int]:
    """Where a row stands among the known ones: an id alone may be that of another row there."""
    if known is table:
        return {row}
    return {
        place
        for place, name in enumerate(known.ids)
        if name == table.ids[row] and known.contents_of(place) == table.contents_of(row)
    }


def _check_classes(classes: Sequence[str], chosen: str | None, against: str | None) -> None:
    for name in (chosen, against):
        if name is not None and name not in classes:
            raise DataError(
                f"The model knows no class {name!r}. Choose from: {', '.join(classes)}."
            )
    if against is not None and (chosen is None or chosen == against):
        raise DataError(
            "A contrast needs two different classes, the one that is explained and the one it is "
            f"held against; given were {chosen!r} and {against!r}."
        )


def _attribute(
    model: FusionClassifier,
    rows: EncodedTable,
    places: Sequence[Mapping[str, tuple[Place, ...]]],
    chosen: Indices,
    against: Indices | None,
) -> list[tuple[Attribution, ...]]:
    scored = {
        method: token_scores(model, rows, method=method, chosen=chosen, against=against)
        for method in methods_for(model)
    }
    return [
        tuple(
            Attribution(
                method=method,
                modality=modality,
                chosen=model.classes[chosen[row]],
                against=None if against is None else model.classes[against[row]],
                places=places[row][modality],
                scores=scores,
            )
            for method, found in scored.items()
            for modality, scores in found[row].items()
            if modality in places[row]
        )
        for row in range(len(places))
    ]

"""duplicate_groups: rows that must stay on one side of every split."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from chiasm.data.duplicates.components import tie_equal
from chiasm.data.duplicates.near_images import near_images
from chiasm.data.duplicates.normalisation import normalise_text
from chiasm.data.media.facts import AudioFacts, ImageFacts
from chiasm.data.media.kinds import Kind
from chiasm.data.table import Table
from chiasm.errors import DataError
from chiasm.utils.arrays import Indices


def duplicate_groups(table: Table, *, by: Sequence[str] | None = None) -> Indices:
    """Number the groups of duplicates: one number a row, whether it is usable or not.

    Rows are tied by the same normalised text, by nearly the same image (pHash distance of at
    most 4), by the same audio and by the same value of the group column, directly or through other
    rows. Precomputed features tie nothing. ``by`` limits the modalities that tie, by their names or
    their kinds; the group column always does. For visual question answering,
    the same question over another image is no duplicate: ``by=["image"]``.

    Raises:
        DataError: more than half of the usable rows are one group.
    """
    groups = find_groups(table, by=by)
    usable = groups[np.array(table.usable, dtype=bool)]
    largest = int(np.bincount(usable).max(initial=0))
    if largest > max(1, len(usable) // 2):
        raise DataError(
            f"{largest} of {len(usable)} usable rows are one group of duplicates, so no split can "
            "keep them on one side. See what ties them with `chiasm check`, and choose what makes "
            f"rows duplicates with `group_by` ({', '.join(_ties(table))})."
        )
    return groups


def find_groups(table: Table, *, by: Sequence[str] | None = None) -> Indices:
    """The groups of ``duplicate_groups``, however large they are.

    Raises:
        DataError: ``by`` names something that cannot tie.
    """
    ties = _ties(table)
    unknown = [name for name in by or () if name not in ties]
    if unknown:
        raise DataError(f"`group_by` is one or more of {', '.join(ties)}, not {unknown[0]!r}.")
    groups = tie_equal(np.arange(len(table)), table.group)
    for keys in modality_keys(table, by=by).values():
        groups = tie_equal(groups, keys)
    # Numbered by first appearance, so that the numbers do not depend on how they were found.
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    numbered: Indices = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return numbered


def modality_keys(
    table: Table, *, by: Sequence[str] | None = None
) -> dict[str, Sequence[Hashable | None]]:
    """By each modality that ties, what ties rows: equal keys do, None does not."""
    return {
        modality: _KEYS[kind](table, modality)
        for modality, kind in table.kinds.items()
        if kind in _KEYS and (by is None or modality in by or kind in by)
    }


def _ties(table: Table) -> tuple[str, ...]:
    """What ``by`` may name: kinds, modalities of these kinds, and the group column."""
    named = (modality for modality, kind in table.kinds.items() if kind in _KEYS)
    return (*dict.fromkeys((*_KEYS, *named)), "group")


def _text_keys(table: Table, modality: str) -> list[str | None]:
    """Each row's normalised text; None where nothing is left of it."""
    return [normalise_text(str(text)) or None if text else None for text in table.values[modality]]


def _image_keys(table: Table, modality: str) -> list[int | None]:
    """Each row's component of nearly equal images; None without an image."""
    column = table.facts[modality]
    hashes = {row: facts.phash for row, facts in enumerate(column) if isinstance(facts, ImageFacts)}
    keys: list[int | None] = [None] * len(table)
    for row, component in zip(hashes, near_images([*hashes.values()]), strict=True):
        keys[row] = int(component)
    return keys


def _audio_keys(table: Table, modality: str) -> list[str | None]:
    """Each row's digest of its audio; None without an audio clip."""
    column = table.facts[modality]
    return [facts.digest if isinstance(facts, AudioFacts) else None for facts in column]


_KEYS: dict[Kind, Callable[[Table, str], Sequence[Hashable | None]]] = {
    "text": _text_keys,
    "image": _image_keys,
    "audio": _audio_keys,
}

"""duplicate_groups: rows that must stay on one side of every split."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from chiasm.data.duplicates.components import tie_equal
from chiasm.data.duplicates.near_images import near_images
from chiasm.data.duplicates.normalisation import normalise_text
from chiasm.data.table import Table
from chiasm.errors import DataError
from chiasm.utils.arrays import Indices


def duplicate_groups(table: Table, *, by: Sequence[str] | None = None) -> Indices:
    """Number the groups of duplicates: one number a row, whether it is usable or not.

    Rows are tied by the same normalised text, by nearly the same image (pHash distance of at
    most 4), by the same audio and by the same value of the group column, directly or through other
    rows. Precomputed features tie nothing. ``by``
    limits the modalities that tie; the group column always does. For visual question answering,
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
            f"rows duplicates with `group_by` ({', '.join(TIES)})."
        )
    return groups


def find_groups(table: Table, *, by: Sequence[str] | None = None) -> Indices:
    """The groups of ``duplicate_groups``, however large they are.

    Raises:
        DataError: ``by`` names something that cannot tie.
    """
    unknown = [name for name in by or () if name not in TIES]
    if unknown:
        raise DataError(f"`group_by` is one or more of {', '.join(TIES)}, not {unknown[0]!r}.")
    groups = tie_equal(np.arange(len(table)), table.group)
    for name, keys in _KEYS.items():
        if name in table.values and (by is None or name in by):
            groups = tie_equal(groups, keys(table))
    # Numbered by first appearance, so that the numbers do not depend on how they were found.
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    numbered: Indices = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return numbered


def text_keys(table: Table) -> list[str | None]:
    """Each row's normalised text; None where nothing is left of it."""
    return [normalise_text(str(text)) or None if text else None for text in table.values["text"]]


def image_keys(table: Table) -> list[int | None]:
    """Each row's component of nearly equal images; None without an image."""
    rows = [row for row, facts in enumerate(table.images) if facts is not None]
    hashes = [facts.phash for facts in table.images if facts is not None]
    keys: list[int | None] = [None] * len(table)
    for row, component in zip(rows, near_images(hashes), strict=True):
        keys[row] = int(component)
    return keys


def audio_keys(table: Table) -> list[str | None]:
    """Each row's digest of its audio; None without an audio clip."""
    return [None if facts is None else facts.digest for facts in table.audio]


_KEYS: dict[str, Callable[[Table], Sequence[Hashable | None]]] = {
    "text": text_keys,
    "image": image_keys,
    "audio": audio_keys,
}
TIES = (*_KEYS, "group")

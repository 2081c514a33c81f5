"""cut_sounds: which sounds are longer than what their encoder reads."""

import logging
from collections.abc import Mapping
from typing import Protocol

from chiasm.data.table import Problem, Table

_logger = logging.getLogger(__name__)
# How many rows a line on the screen names.
_NAMED = 5


class Hearing(Protocol):
    """An encoder, trained or exported: it reads so much of a sound, or no sounds (None)."""

    @property
    def max_seconds(self) -> float | None: ...


def cut_sounds(table: Table, encoders: Mapping[str, Hearing]) -> tuple[Problem, ...]:
    """A note on every row of whose sound only the beginning is read."""
    limit = encoders["audio"].max_seconds if "audio" in encoders else None
    if limit is None:
        return ()
    return tuple(
        Problem(
            row=table.ids[position],
            field="audio",
            reason=f"longer than {limit:g} s; only the beginning is read",
            action="noted",
            detail=f"{sound.seconds:.1f} s",
            position=position,
        )
        for position, sound in enumerate(table.sounds)
        if sound is not None and sound.seconds > limit
    )


def log_cut_sounds(table: Table, encoders: Mapping[str, Hearing]) -> None:
    """One line on the screen, if there are such sounds."""
    cut = cut_sounds(table, encoders)
    if cut:
        named = ", ".join(problem.row for problem in cut[:_NAMED])
        more = f" and {len(cut) - _NAMED:,} more" if len(cut) > _NAMED else ""
        _logger.warning(
            "%s of %s sounds are %s: rows %s%s",
            f"{len(cut):,}",
            f"{sum(value is not None for value in table.values['audio']):,}",
            cut[0].reason,
            named,
            more,
        )

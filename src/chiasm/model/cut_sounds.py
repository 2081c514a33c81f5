"""cut_sounds: which sounds are longer than what their encoder reads."""

from collections.abc import Mapping

from chiasm.data.table import Problem, Table
from chiasm.encoders.base import Encoder


def cut_sounds(table: Table, encoders: Mapping[str, Encoder]) -> tuple[Problem, ...]:
    """A note on every row of whose sound only the beginning is read."""
    limit = encoders["audio"].max_seconds if "audio" in encoders else None
    if limit is None:
        return ()
    return tuple(
        Problem(
            row=row,
            field="audio",
            reason=f"longer than {limit:g} s; only the beginning is read",
            action="noted",
            detail=f"{sound.seconds:.1f} s",
        )
        for row, sound in zip(table.ids, table.sounds, strict=False)
        if sound is not None and sound.seconds > limit
    )

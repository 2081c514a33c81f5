"""left_out: what of a table its encoders do not see, named row by row."""

from collections.abc import Mapping
from dataclasses import replace

from chiasm.data.table import Problem, Table
from chiasm.encoders.base import Encoder
from chiasm.inference.left_out import ALL_UNKNOWN, SOME_UNKNOWN, as_problems

# Parts of the texts from which on the encoder is likely not made for them.
_MANY_ALL_UNKNOWN = 0.01
_MANY_SOME_UNKNOWN = 0.1


def left_out(table: Table, encoders: Mapping[str, Encoder]) -> tuple[Problem, ...]:
    """A note on every row of whose value an encoder sees only a part, or nothing at all."""
    return tuple(
        problem
        for modality, encoder in encoders.items()
        if modality in table.values
        for row, parts in encoder.left_out(table).items()
        for problem in as_problems(table, row, modality, parts)
    )


def note_left_out(table: Table, encoders: Mapping[str, Encoder]) -> Table:
    """The table with these notes among its problems, each once."""
    noted = dict.fromkeys((*table.problems, *left_out(table, encoders)))
    return replace(table, problems=tuple(noted))


def unsuited_encoders(table: Table, encoders: Mapping[str, Encoder]) -> tuple[str, ...]:
    """What to say of each encoder that does not know what many of its texts hold."""
    read = (encoders[name] for name in table.of_kind("text") if name in encoders)
    said = (_unsuited(table, encoder) for encoder in read)
    return tuple(sentence for sentence in said if sentence is not None)


def _unsuited(table: Table, encoder: Encoder) -> str | None:
    texts = sum(text is not None for text in table.values[encoder.modality])
    if not texts:
        return None
    reasons = [problem.reason for problem in left_out(table, {encoder.modality: encoder})]
    whole, part = reasons.count(ALL_UNKNOWN), reasons.count(SOME_UNKNOWN)
    if whole < _MANY_ALL_UNKNOWN * texts and whole + part < _MANY_SOME_UNKNOWN * texts:
        return None
    return (
        f"The encoder {encoder.name} knows nothing of {whole:,} of {texts:,} texts "
        f"({whole / texts:.1%}), and not all words and signs of {part:,} more "
        f"({part / texts:.1%}). If they are in another language, choose a text encoder that "
        "knows it."
    )

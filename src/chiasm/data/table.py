"""Table: the rows of a data set, read and verified."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from chiasm.data.media.facts import Facts, Value
from chiasm.data.media.kinds import Kind, default_kind
from chiasm.errors import DataError
from chiasm.utils.arrays import Indices

_T = TypeVar("_T")
_SHOWN = 8
_LONGEST_DETAIL = 200  # characters
Action = Literal["marked missing", "set aside", "dropped", "noted"]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one row (named by its id), and what was done about it.

    ``reason`` is the same for all rows of its kind, ``detail`` tells this row's own part, of a long
    value the beginning.
    ``position`` is where the row stands in its table, since ids may repeat; None: it was dropped.
    """

    row: str
    field: str
    reason: str
    action: Action
    detail: str = ""
    _: KW_ONLY
    position: int | None

    def __post_init__(self) -> None:
        if len(self.detail) > _LONGEST_DETAIL:
            object.__setattr__(self, "detail", f"{self.detail[: _LONGEST_DETAIL - 1]}…")


@dataclass(frozen=True)
class Table:
    """Rows of a data set, in the order of the file, with every value known to be readable.

    ``values["title"][i]`` is None where row i lacks that modality, and ``kinds["title"]`` says what
    its values are (of one that is not named there, see ``default_kind``). ``labels[i]`` is None
    where it is unlabelled. ``usable[i]`` is False for a row that is set aside: it takes no part in
    training and judging, but keeps its place, so that predictions line up with the file.
    ``split[i]`` and ``group[i]`` are what the data itself says of the row (rows of one group stay
    on one side of every split), None where it says nothing. ``facts`` are those of the images and
    audio clips, ``text_digests`` the digests of the texts as published: before their outer
    whitespace was stripped; both by modality, and None in a row that lacks it. ``widths`` names the
    modalities that are precomputed features, with the length d of their vectors; their values are
    ``[l, d]``. ``encoding_note`` says how sure the encoding is, with a line that shows it, where it
    could be another. ``columns`` are the names of all columns of the source, read or not; ``files``
    were read besides those that are values.
    """

    source: str
    encoding: str | None
    ids: tuple[str, ...]
    values: dict[str, tuple[Value | None, ...]]
    labels: tuple[str | None, ...]
    split: tuple[str | None, ...]
    group: tuple[str | None, ...]
    usable: tuple[bool, ...]
    problems: tuple[Problem, ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict)
    facts: dict[str, tuple[Facts | None, ...]] = field(default_factory=dict)
    text_digests: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    encoding_note: str | None = None
    columns: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        kinds = {name: self.kinds.get(name, default_kind(name)) for name in self.values}
        object.__setattr__(self, "kinds", kinds)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(self.values)

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """The modalities of that kind."""
        return tuple(name for name, own in self.kinds.items() if own == kind)

    @property
    def labelled(self) -> Indices:
        """Positions of the rows to train on and judge by: usable and labelled."""
        rows = [i for i, label in enumerate(self.labels) if self.usable[i] and label is not None]
        return np.array(rows, dtype=np.int64)

    @property
    def classes(self) -> tuple[str, ...]:
        """The distinct labels of the usable rows, sorted."""
        return self.classes_of(self.labelled)

    def classes_of(self, rows: Iterable[int]) -> tuple[str, ...]:
        """The distinct labels of these labelled rows, sorted."""
        return tuple(sorted({str(self.labels[row]) for row in rows}))

    def take(self, rows: Sequence[int] | np.ndarray) -> "Table":
        """The rows at these positions, in this order, each with its problems.

        Of the problems those of dropped rows stay too: they have no row that could be left out.
        """
        positions = [int(row) for row in rows]

        def pick(column: tuple[_T, ...]) -> tuple[_T, ...]:
            return tuple(column[i] for i in positions)

        def pick_each(columns: dict[str, tuple[_T, ...]]) -> dict[str, tuple[_T, ...]]:
            return {name: pick(column) for name, column in columns.items()}

        return replace(
            self,
            ids=pick(self.ids),
            values=pick_each(self.values),
            labels=pick(self.labels),
            split=pick(self.split),
            group=pick(self.group),
            usable=pick(self.usable),
            problems=(
                *self._problems_by_position.get(None, ()),
                *(
                    replace(problem, position=new)
                    for new, old in enumerate(positions)
                    for problem in self.problems_of(old)
                ),
            ),
            facts=pick_each(self.facts),
            text_digests=pick_each(self.text_digests),
        )

    def without(self, modalities: Sequence[str]) -> "Table":
        """The same rows, lacking these modalities.

        Raises:
            DataError: no other modality is left.
        """
        if not set(self.values) - set(modalities):
            raise DataError(
                f"{self.source} has no modality besides {', '.join(self.values)}: nothing is left "
                "to look at."
            )

        def kept(columns: dict[str, _T]) -> dict[str, _T]:
            return {name: column for name, column in columns.items() if name not in modalities}

        return replace(self, values=kept(self.values), widths=kept(self.widths))

    def values_of(self, row: int) -> dict[str, Value | None]:
        """The values of the row at this position, by modality; None for one that it lacks."""
        return {modality: column[row] for modality, column in self.values.items()}

    def contents_of(self, row: int) -> dict[str, object]:
        """What tells the values of a row from others, by modality."""
        contents: dict[str, object] = dict(self.values_of(row))
        contents |= {name: facts for name, facts in self.facts_of(row).items() if name in contents}
        for name in self.widths:
            vectors = contents[name]
            if isinstance(vectors, np.ndarray):
                numbers = vectors.astype(np.float32).tobytes()
                contents[name] = (vectors.shape, hashlib.sha256(numbers).hexdigest())
        return contents

    def files_read(self) -> Iterator[Path]:
        """Every file that the rows come from, those that they name among them."""
        yield from self.files
        for column in self.values.values():
            yield from (value for value in column if isinstance(value, Path))

    def facts_of(self, row: int) -> dict[str, Facts | None]:
        """What is known of the images and audio clips of the row at this position, by modality."""
        return {modality: column[row] for modality, column in self.facts.items()}

    def problems_of(self, row: int) -> tuple[Problem, ...]:
        """What is wrong with the row at this position."""
        return tuple(self._problems_by_position.get(row, ()))

    def count_problems(self) -> Counter[tuple[str, str, Action]]:
        """How many rows have each problem, by field, reason and action."""
        return Counter((p.field, p.reason, p.action) for p in self.problems)

    @property
    def fingerprint(self) -> str:
        """Digest of all that training can see: ids, labels, splits and the contents of values."""
        digest = hashlib.sha256()
        for i, row in enumerate(self.ids):
            facts = (row, self.labels[i], self.split[i], self.group[i], self.usable[i])
            digest.update(repr((facts, self.contents_of(i))).encode())
        return digest.hexdigest()

    @cached_property
    def _problems_by_position(self) -> dict[int | None, list[Problem]]:
        found: defaultdict[int | None, list[Problem]] = defaultdict(list)
        for problem in self.problems:
            found[problem.position].append(problem)
        return found

    def _repr_html_(self) -> str:
        """The first rows, as a notebook shows them."""
        # Only here: reading a table takes no decoding, and an exported model predicts without
        # jinja2.
        from chiasm.data.preview.rows import preview_row
        from chiasm.utils.html import render_html

        shown = range(min(len(self), _SHOWN))
        return render_html(
            "data/preview/table.html",
            table=self,
            images=bool(self.of_kind("image")),
            rows=[
                (
                    self.ids[i],
                    self.labels[i],
                    preview_row(
                        self.values_of(i),
                        kinds=self.kinds,
                        facts=self.facts_of(i),
                        side=96,
                        characters=200,
                    ),
                )
                for i in shown
            ],
        )

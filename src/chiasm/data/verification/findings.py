"""Findings: the problems met while a table is verified, by position of the row."""

from dataclasses import dataclass, field

from chiasm.data.table import Action, Problem


@dataclass
class Findings:
    """Problems in the order in which they were found."""

    found: list[tuple[int, str, str, Action, str]] = field(default_factory=list)

    def add(self, row: int, part: str, reason: str, action: Action, detail: str = "") -> None:
        self.found.append((row, part, reason, action, detail))

    def rows(self, action: Action | None = None) -> set[int]:
        """Positions of the rows with a problem (of this action)."""
        return {row for row, _, _, did, _ in self.found if action in (None, did)}

    def problems(self, ids: list[str], *, dropped: bool) -> tuple[Problem, ...]:
        """The problems in the order of the rows."""
        return tuple(
            Problem(
                row=ids[row],
                field=part,
                reason=reason,
                action="dropped" if dropped else action,
                detail=detail,
                position=None if dropped else row,
            )
            for row, part, reason, action, detail in sorted(self.found, key=lambda item: item[0])
        )

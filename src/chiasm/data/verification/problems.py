"""log_problems: what was found in the rows, in a line for each kind."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator

from chiasm.data.table import Problem

_logger = logging.getLogger(__name__)
# How many rows a line names.
_NAMED = 5


def log_problems(problems: Iterable[Problem]) -> None:
    """Count the rows of each kind and name the first of them."""
    for line in problem_lines(problems):
        _logger.warning("%s", line)


def problem_lines(problems: Iterable[Problem], *, by_position: bool = False) -> Iterator[str]:
    """A line for each kind: how many rows there are and the first of them, by id or position."""
    kinds: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.field, problem.reason, problem.action].append(problem)
    kind = "positions" if by_position else "rows"
    for (field, reason, action), found in kinds.items():
        named = ", ".join(_name(one, by_position) for one in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        yield f"{len(found):,} rows {action}: {field}: {reason}: {kind} {named}{more}"


def _name(problem: Problem, by_position: bool) -> str:
    name = str(problem.position) if by_position else problem.row
    return f"{name} ({problem.detail})" if problem.detail else name

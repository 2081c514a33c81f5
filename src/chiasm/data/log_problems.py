"""log_problems: what was found in the rows, in a line for each kind."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from chiasm.data.table import Problem

_logger = logging.getLogger(__name__)
# How many rows a line names.
_NAMED = 5


def log_problems(problems: Iterable[Problem]) -> None:
    """Count the rows of each kind and name the first of them."""
    kinds: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.field, problem.reason].append(problem)
    for (field, reason), found in kinds.items():
        named = ", ".join(f"{one.row} ({one.detail})" for one in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        _logger.warning("%s: %s: rows %s%s", field, reason, named, more)

"""RunRecord: what a run was, so that it can be run again."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chiasm.data.table import Table
from chiasm.encoders.base import Encoder
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.training.recipe import Recipe
from chiasm.utils.config import parse_config
from chiasm.utils.reading import SMALL, read_own

RECORD = "run.json"
_PACKAGES = ("chiasm", "torch", "transformers", "scikit-learn", "numpy", "pillow")
# Runs the packaged image encoders, and is missing where these are.
_ENGINE = "onnxruntime"


@dataclass(frozen=True)
class RunRecord:
    """Command, configuration, data, encoders and versions of a run."""

    command: str
    recipe: dict[str, Any]
    data: dict[str, Any]
    encoders: dict[str, str]
    versions: dict[str, str]

    def same_run(self, written: dict[str, Any]) -> bool:
        """Whether a written record is of a run that would come to the same as this one."""
        own = json.loads(json.dumps(asdict(self)))
        data = written.get("data")
        return (
            all(own[part] == written.get(part) for part in ("encoders", "versions"))
            and _parse_recipe(written.get("recipe")) == _parse_recipe(own["recipe"])
            and isinstance(data, dict)
            and own["data"]["fingerprint"] == data.get("fingerprint")
        )


def _parse_recipe(written: object) -> Recipe | None:
    try:
        recipe: Recipe = parse_config(Recipe, written, where="recipe")
    except ChiasmError:
        return None
    return recipe


def record_run(
    command: str, recipe: Recipe, table: Table, encoders: Mapping[str, Encoder]
) -> RunRecord:
    """Describe a run that is about to begin."""
    return RunRecord(
        command=command,
        recipe=asdict(recipe),
        data={
            "source": table.source,
            "fingerprint": table.fingerprint,
            "encoding": table.encoding,
            "rows": len(table),
            "labelled": len(table.labelled),
            "problems": [
                {"field": field, "reason": reason, "action": action, "rows": count}
                for (field, reason, action), count in table.count_problems().items()
            ],
        },
        encoders={modality: encoder.fingerprint for modality, encoder in encoders.items()},
        versions=installed_versions(),
    )


def recorded_group_by(folder: Path) -> tuple[str, ...] | None:
    """What made rows duplicates in the run that wrote this folder; None: all, or it has no record.

    A model that ``save`` wrote has none.
    """
    try:
        given = json.loads(read_own(folder, RECORD, most=SMALL))["recipe"]["group_by"]
    except (UnreadableExample, ValueError, KeyError, TypeError, RecursionError):
        return None
    return tuple(map(str, given)) if isinstance(given, list) else None


def installed_versions() -> dict[str, str]:
    """The versions of what a result depends on."""
    packages = (*_PACKAGES, _ENGINE) if find_spec(_ENGINE) else _PACKAGES
    return {"python": platform.python_version()} | {p: version(p) for p in packages}

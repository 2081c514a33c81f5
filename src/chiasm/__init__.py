"""chiasm: models over text, images and audio, fused by cross-modal attention."""

from importlib.metadata import version
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from chiasm.errors import ChiasmError
from chiasm.utils.extras import needs_whole

if TYPE_CHECKING:
    from chiasm import nn
    from chiasm.data.checking.report import check
    from chiasm.data.readers.columns import Columns
    from chiasm.data.reading import read
    from chiasm.data.table import Table
    from chiasm.estimators.classifier import Classifier
    from chiasm.inference.runtime import load_runtime
    from chiasm.recipes.files import load_recipe
    from chiasm.training.recipe import Recipe

__all__ = [
    "ChiasmError",
    "Classifier",
    "Columns",
    "Recipe",
    "Table",
    "check",
    "load_recipe",
    "load_runtime",
    "nn",
    "read",
]
__version__ = version("chiasm")

_HOMES = {
    "Classifier": "chiasm.estimators.classifier:Classifier",
    "Columns": "chiasm.data.readers.columns:Columns",
    "Recipe": "chiasm.training.recipe:Recipe",
    "Table": "chiasm.data.table:Table",
    "check": "chiasm.data.checking.report:check",
    "load_recipe": "chiasm.recipes.files:load_recipe",
    "load_runtime": "chiasm.inference.runtime:load_runtime",
    "nn": "chiasm.nn",
    "read": "chiasm.data.reading:read",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: torch takes seconds, and `chiasm --help` must not.
    if name in _HOMES:
        with needs_whole():
            return resolve_name(_HOMES[name])
    raise AttributeError(f"module 'chiasm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""chiasm: models over text, images and audio, fused by cross-modal attention."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from chiasm.utils.extras import needs_whole

if TYPE_CHECKING:
    from chiasm.data.checking.report import check
    from chiasm.data.reading import read
    from chiasm.estimators.classifier import Classifier
    from chiasm.recipes.files import load_recipe

__all__ = ["Classifier", "check", "load_recipe", "read"]
__version__ = version("chiasm")

_HOMES = {
    "Classifier": "chiasm.estimators.classifier",
    "check": "chiasm.data.checking.report",
    "load_recipe": "chiasm.recipes.files",
    "read": "chiasm.data.reading",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: torch takes seconds, and `chiasm --help` must not.
    if name in _HOMES:
        with needs_whole():
            return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'chiasm' has no attribute {name!r}")

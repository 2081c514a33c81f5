"""load_predictor: what predicts tables by the model in a folder."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chiasm.inference.manifest import MANIFEST, read_manifest

if TYPE_CHECKING:
    from chiasm.data.table import Table
    from chiasm.inference.predictions import Predicted


class Predictor(Protocol):
    """``predict`` or ``predict_table``, by one model."""

    def __call__(self, table: "Table", *, strict: bool = False) -> "Predicted": ...


def looked_at(model: Path) -> tuple[str, ...]:
    """The modalities that the model looks at, which may be an exported one."""
    if (model / MANIFEST).is_file():
        return tuple(read_manifest(model).modalities)
    from chiasm.model.storage import read_config

    return tuple(read_config(model)["encoders"])


def load_predictor(model: Path, *, cached: bool) -> Predictor:
    """What predicts tables by the model, which may be an exported one.

    ``cached``: whether a model that is not exported takes features from the cache, and puts them
    there.
    """
    # What is imported depends on the kind: an exported model predicts without torch.
    if (model / MANIFEST).is_file():
        from chiasm.inference.runtime import load_runtime
        from chiasm.inference.tables import predict_table

        return partial(predict_table, load_runtime(model))
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.model.predictions import predict
    from chiasm.model.storage import load_model

    return partial(predict, load_model(model), cache=FeatureCache() if cached else None)

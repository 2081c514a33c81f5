"""load_predictor: what predicts tables by the model in a folder."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from chiasm.runtime.manifest import MANIFEST

if TYPE_CHECKING:
    from chiasm.data.table import Table
    from chiasm.model.cut_sounds import Hearing
    from chiasm.model.predicted import Predicted

Predictor: TypeAlias = "Callable[[Table], Predicted]"


def load_predictor(model: Path, *, cached: bool) -> "tuple[Predictor, Mapping[str, Hearing]]":
    """What predicts tables by the model, which may be an exported one, and its encoders.

    ``cached``: whether a model that is not exported takes features from the cache, and puts them
    there.
    """
    # What is imported depends on the kind: an exported model predicts without torch.
    if (model / MANIFEST).is_file():
        from chiasm.runtime.predict_table import predict_table
        from chiasm.runtime.runtime import load_runtime

        runtime = load_runtime(model)
        return partial(predict_table, runtime), runtime.encoders
    from chiasm.encoders.cache import FeatureCache
    from chiasm.model.predict import predict
    from chiasm.model.storage import load_model

    loaded = load_model(model)
    return partial(predict, loaded, cache=FeatureCache() if cached else None), loaded.encoders

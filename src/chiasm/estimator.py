"""Classifier: chiasm as a scikit-learn estimator."""

import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from chiasm.data.labels import class_indices, spell_label
from chiasm.data.read import read
from chiasm.data.table import Table
from chiasm.encoders.cache import FeatureCache
from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.errors import DataError, UnreadableExample
from chiasm.explain.explain import explain
from chiasm.explain.explanation import Explanation
from chiasm.from_plain import from_plain
from chiasm.fusion.build import FusionConfig
from chiasm.model.dataset import encode_table
from chiasm.model.inference import predict_probabilities
from chiasm.model.storage import load_model, save_model
from chiasm.recipes.check_names import check_names
from chiasm.training.card import model_card
from chiasm.training.config import ClassWeight, TrainingConfig
from chiasm.training.epochs import Epoch, epoch_header, epoch_line
from chiasm.training.recipe import Recipe
from chiasm.training.train import train

Array = np.ndarray[Any, np.dtype[Any]]


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A text and image classifier with the interface of scikit-learn.

    ``X`` is a DataFrame with a column of texts, a column of pictures (paths, bytes or PIL images),
    or both; the columns are found by their common names. It can be cloned and searched over. Rows
    with equal texts or nearly equal pictures are kept on one side of the inner validation split;
    for an outer cross-validation pass ``groups`` to it.

    Args:
        fusion: "cross_attention", "gated", "late", "concat", or a modality: "text", "image".
        text_encoder: "minilm", or a Hugging Face text model by name or folder.
        image_encoder: "efficientnet-lite0", "efficientnet-lite2", or a Hugging Face vision model.
        dim: width of the fused tokens.
        heads: attention heads.
        dropout: in the fusion.
        modality_dropout: how often a modality is hidden from a row in training.
        epochs: passes over the data at most; None: as many as make about 450 steps.
        patience: part of the epochs without improvement after which training stops.
        batch_size: rows a step.
        learning_rate: peak rate of AdamW.
        weight_decay: of AdamW.
        label_smoothing: probability mass spread over all classes.
        class_weight: "none", "sqrt" or "balanced".
        validation: part of the rows held out to choose the epochs and the temperature.
        seed: of the held-out part, initialisation and order.
        verbose: print a line an epoch.

    Attributes:
        classes_: the labels, as given to ``fit``.
        model_: the trained FusionClassifier.
        trained_: the model with its validation metrics.
    """

    def __init__(
        self,
        *,
        fusion: str = "cross_attention",
        text_encoder: str = DEFAULT_ENCODERS["text"],
        image_encoder: str = DEFAULT_ENCODERS["image"],
        dim: int = FusionConfig.dim,
        heads: int = FusionConfig.heads,
        dropout: float = FusionConfig.dropout,
        modality_dropout: float = FusionConfig.modality_dropout,
        epochs: int | None = TrainingConfig.epochs,
        patience: float = TrainingConfig.patience,
        batch_size: int = TrainingConfig.batch_size,
        learning_rate: float = TrainingConfig.learning_rate,
        weight_decay: float = TrainingConfig.weight_decay,
        label_smoothing: float = TrainingConfig.label_smoothing,
        class_weight: ClassWeight = TrainingConfig.class_weight,
        validation: float = TrainingConfig.validation,
        seed: int = 0,
        verbose: bool | int = False,
    ) -> None:
        self.fusion = fusion
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.dim = dim
        self.heads = heads
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.validation = validation
        self.seed = seed
        self.verbose = verbose

    def fit(self, X: pd.DataFrame, y: Any) -> "Classifier":  # noqa: N803
        """Train on rows and their labels; a row without a label is not trained on.

        ``y`` is a list, an array, a Series, or a table of one column.

        Raises:
            ChiasmError: a setting has a value that it cannot have.
            DataError: the rows do not allow training.
        """
        recipe = self._recipe()
        labels = _labels(y, rows=len(X))
        table = read(_features(X).assign(label=labels))
        if self.verbose:
            print(epoch_header())  # noqa: T201
        with TemporaryDirectory() as folder:
            self.trained_ = train(
                table,
                recipe,
                out=Path(folder) / "run",
                command=repr(self),
                cache=FeatureCache(),
                report=self._report,
            )
        self.model_ = self.trained_.model
        self.classes_ = _as_given(self.model_.classes, labels)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Array:  # noqa: N803
        """Calibrated probabilities ``[n, classes]`` in the order of ``classes_``.

        A row without any readable modality gets NaN, with a warning.
        """
        check_is_fitted(self, "model_")
        table: Table = read(_features(X))
        rows = encode_table(table, self.model_.encoders, cache=FeatureCache())
        indices = class_indices(self.model_.classes)
        order = [indices[_spell(label) or label] for label in self.classes_]
        probabilities: Array = predict_probabilities(self.model_, rows).numpy()[:, order]
        unreadable = np.flatnonzero(~rows.present)
        if len(unreadable):
            warnings.warn(
                f"{len(unreadable)} rows have nothing readable and get no prediction: "
                f"positions {', '.join(map(str, unreadable[:5]))}.",
                stacklevel=2,
            )
            probabilities[unreadable] = np.nan
        return probabilities

    def predict(self, X: pd.DataFrame) -> Array:  # noqa: N803
        """The most probable label of each row; None where nothing could be read."""
        probabilities = self.predict_proba(X)
        unreadable = np.isnan(probabilities[:, 0])
        labels: Array = self.classes_[np.where(unreadable, 0, probabilities.argmax(axis=1))]
        if unreadable.any():
            labels = labels.astype(object)
            labels[unreadable] = None
        return labels

    def score(self, X: pd.DataFrame, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """Accuracy; a row that gets no prediction counts as wrong."""
        correct = [
            label is not None and _spell(label) == _spell(true)
            for label, true in zip(self.predict(X), _labels(y, rows=len(X)), strict=True)
        ]
        return float(np.average(correct, weights=sample_weight))

    def explain(
        self,
        X: pd.DataFrame,  # noqa: N803
        *,
        chosen: str | None = None,
        against: str | None = None,
    ) -> list[Explanation]:
        """Why each row is predicted as it is; rows without anything readable are left out.

        ``chosen`` is the class that is explained (None: the predicted one), ``against`` the one it
        is held against (None: all others). Neighbours and exchanged values come from ``X``.
        ``chiasm.explain.write_explanations`` draws what this returns.

        Raises:
            DataError: the model does not know a class.
            ChiasmError: the package captum is not installed.
        """
        check_is_fitted(self, "model_")
        table: Table = read(_features(X))
        return explain(
            self.model_,
            table,
            rows=range(len(table)),
            chosen=chosen,
            against=against,
            cache=FeatureCache(),
        )

    def save(self, folder: Path | str) -> None:
        """Write the model as a folder that the command line reads too."""
        check_is_fitted(self, "model_")
        save_model(self.model_, Path(folder), card=model_card(self.trained_))

    @classmethod
    def load(cls, folder: Path | str) -> "Classifier":
        """Read a model that ``save`` or ``chiasm train`` wrote; its labels are strings.

        Raises:
            ChiasmError: there is no model in the folder, or its encoders have changed.
        """
        model = load_model(Path(folder))
        config = model.fusion_config
        encoders = DEFAULT_ENCODERS | {m: encoder.name for m, encoder in model.encoders.items()}
        loaded = cls(
            fusion=config.name,
            text_encoder=encoders["text"],
            image_encoder=encoders["image"],
            dim=config.dim,
            heads=config.heads,
            dropout=config.dropout,
            modality_dropout=config.modality_dropout,
        )
        loaded.model_ = model
        loaded.classes_ = np.array(model.classes)
        return loaded

    def _recipe(self) -> Recipe:
        kinds = get_type_hints(Classifier.__init__)
        given = {
            name: from_plain(kind, getattr(self, name), where=name)
            for name, kind in kinds.items()
            if name != "return"
        }

        def those_of(config: Any) -> dict[str, Any]:
            return {each.name: given[each.name] for each in fields(config) if each.name in given}

        recipe = Recipe(
            encoders=DEFAULT_ENCODERS
            | {"text": given["text_encoder"], "image": given["image_encoder"]},
            fusion=FusionConfig(name=given["fusion"], **those_of(FusionConfig)),
            training=TrainingConfig(**those_of(TrainingConfig)),
        )
        check_names(recipe, where="The Classifier")
        return recipe

    def _report(self, epoch: Epoch) -> None:
        if self.verbose:
            print(epoch_line(epoch))  # noqa: T201


def _spell(label: Any) -> str | None:
    """The one spelling of a label; None: there is none."""
    try:
        return None if pd.isna(label) else spell_label(label)
    except (UnreadableExample, ValueError):
        return None


def _as_given(classes: Sequence[str], labels: Any) -> Array:
    """The classes of a model as the labels name them, sorted where they can be.

    Of several ways to write one the first is taken.
    """
    given: dict[str | None, Any] = {}
    for label in labels:
        given.setdefault(_spell(label), label)
    known = [given[name] for name in classes]
    if len({type(label) for label in known}) == 1:
        return np.unique(np.asarray(known))
    named = np.empty(len(known), dtype=object)
    named[:] = known
    return named


def _labels(y: Any, *, rows: int) -> Any:
    """The labels as pandas keeps them, one for each of so many rows."""
    if len(getattr(y, "shape", ())) == 2:
        columns = pd.DataFrame(y)
        if columns.shape[1] != 1:
            raise DataError(f"y has {columns.shape[1]} columns; give one label for each row.")
        y = columns.iloc[:, 0]
    labels = pd.Series(y).array
    if len(labels) != rows:
        raise DataError(f"X has {rows} rows and y has {len(labels)} labels; give one each.")
    return labels


def _features(frame: Any) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"X must be a pandas DataFrame with a text or an image column, not a "
            f"{type(frame).__name__}."
        )
    # A label column of X must not be taken for the labels, which are y.
    return frame.drop(columns=[name for name in frame.columns if str(name).lower() == "label"])

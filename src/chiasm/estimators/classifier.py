"""Classifier: chiasm as a scikit-learn estimator."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from chiasm.data.labels import class_indices, spell_label
from chiasm.data.readers.columns import is_label
from chiasm.data.reading import read
from chiasm.data.table import Problem, Table
from chiasm.data.verification.problems import problem_lines
from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.errors import ChiasmError, DataError, DataWarning, UnreadableExample
from chiasm.fusion.build import JOINT_FUSIONS
from chiasm.inference.missing_modalities import lacking
from chiasm.model.left_out import note_left_out
from chiasm.recipes.files import load_recipe
from chiasm.tasks.base import ClassWeight
from chiasm.training.recipe import Recipe
from chiasm.utils.arrays import Array
from chiasm.utils.config import check_setting, parse_config
from chiasm.utils.outputs import check_own_folder

# torch and transformers take seconds to import: what needs them is imported where it is used, so
# that an estimator is made, cloned and searched for in a blink.
if TYPE_CHECKING:
    from chiasm.explanation.result import Explanation
    from chiasm.training.loop.epochs import Epoch

# What leaves a setting as the recipe says; a text, which scikit-learn copies and compares.
_AsRecipe: TypeAlias = Literal["recipe"]
_AS_RECIPE: _AsRecipe = "recipe"
_SHORT = {
    "fusion": "fusion.name",
    "text_encoder": "encoders.text",
    "image_encoder": "encoders.image",
    **{name: f"fusion.{name}" for name in ("dim", "num_heads", "dropout", "modality_dropout")},
    **{
        name: f"training.{name}"
        for name in (
            *("epochs", "patience", "batch_size", "learning_rate", "weight_decay"),
            *("label_smoothing", "class_weight", "validation", "seed"),
        )
    },
}


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A text and image classifier with the interface of scikit-learn.

    ``X`` is a DataFrame with a column of texts, a column of images (paths, bytes or PIL images),
    or both, of pandas or what hands out Arrow data (polars); the columns are found by their common
    names. It can be cloned and searched over. Rows with equal texts or nearly equal images are
    kept on one side of the inner validation split; for an outer cross-validation pass ``groups``
    to it.

    Every setting of a ``Recipe`` is reached by its name with two underscores in place of each dot,
    as in ``training__patience=0.5`` and ``encoders__audio="whisper-tiny"``; common ones have short
    names besides. "recipe", the default of these, leaves a setting as the recipe says.

    Args:
        recipe: where all other settings come from: a Recipe, or one by its name or the path of its
            file; None: the default one.
        fusion: "cross_attention", "gated", "late", "concat", or a modality: "text", "image".
        text_encoder: "minilm", or a Hugging Face text model by name or folder.
        image_encoder: "efficientnet-lite0", "efficientnet-lite2", or a Hugging Face vision model.
        dim: width of the fused tokens.
        num_heads: attention heads.
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
        settings: any others, by their long names.

    Raises:
        ChiasmError: a long name that no setting has.

    Attributes:
        classes_: the labels, as given to ``fit``.
        model_: the trained FusionClassifier.
        problems_: what was found in the rows that were given to ``fit``, by their positions.
        trained_: the model with its validation metrics.
    """

    def __init__(
        self,
        *,
        recipe: str | Path | Recipe | None = None,
        fusion: str = _AS_RECIPE,
        text_encoder: str = _AS_RECIPE,
        image_encoder: str = _AS_RECIPE,
        dim: int | _AsRecipe = _AS_RECIPE,
        num_heads: int | _AsRecipe = _AS_RECIPE,
        dropout: float | _AsRecipe = _AS_RECIPE,
        modality_dropout: float | _AsRecipe = _AS_RECIPE,
        epochs: int | _AsRecipe | None = _AS_RECIPE,
        patience: float | _AsRecipe = _AS_RECIPE,
        batch_size: int | _AsRecipe = _AS_RECIPE,
        learning_rate: float | _AsRecipe = _AS_RECIPE,
        weight_decay: float | _AsRecipe = _AS_RECIPE,
        label_smoothing: float | _AsRecipe = _AS_RECIPE,
        class_weight: ClassWeight | _AsRecipe = _AS_RECIPE,
        validation: float | _AsRecipe = _AS_RECIPE,
        seed: int | _AsRecipe = _AS_RECIPE,
        verbose: bool | int = False,
        **settings: Any,
    ) -> None:
        self.recipe = recipe
        self.fusion = fusion
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.dim = dim
        self.num_heads = num_heads
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
        self._long_names: tuple[str, ...] = ()
        self._set_long(settings)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All short settings, and those of the others that were given."""
        params: dict[str, Any] = super().get_params(deep=deep)
        return params | {name: getattr(self, name) for name in self._long_names}

    def set_params(self, **params: Any) -> "Classifier":
        """Change settings by their short or long names.

        Raises:
            ChiasmError: a name that no setting has.
        """
        short = super().get_params(deep=False)
        self._set_long({name: value for name, value in params.items() if name not in short})
        super().set_params(**{name: value for name, value in params.items() if name in short})
        return self

    def _set_long(self, settings: dict[str, Any]) -> None:
        for name in settings:
            check_setting(Recipe, name, where="The Classifier", dot="__")
        self.__dict__.update(settings)
        self._long_names = tuple(dict.fromkeys((*self._long_names, *settings)))

    def fit(self, X: pd.DataFrame, y: Any) -> "Classifier":  # noqa: N803
        """Train on rows and their labels; a row without a label is not trained on.

        ``y`` is a list, an array, a Series, or a table of one column. Columns of ``X`` that name an
        id, a split or a group mean what they mean in a file: rows of its test part are not trained
        on. What is not used as it came is warned of (DataWarning) and kept in ``problems_``.

        Raises:
            ChiasmError: a setting has a value that it cannot have.
            DataError: the rows do not allow training.
        """
        from chiasm.encoders.features.cache import FeatureCache
        from chiasm.training.loop.epochs import epoch_header
        from chiasm.training.run.pipeline import train

        recipe = self._recipe()
        rows = _features(X)
        labels = _labels(y, rows=len(rows))
        table = read(rows.assign(label=labels))
        _check_joins(recipe.fusion.name, table, rows)
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
                tell=lambda _: None,  # warned of below, with what was found in reading
            )
        self.model_ = self.trained_.model
        self.classes_ = _as_given(self.model_.classes, labels)
        self.problems_ = self.trained_.problems
        _warn_of(self.problems_, stacklevel=3)
        if len(tested := self.trained_.parts.test):
            warnings.warn(
                f"{len(tested):,} of {len(X):,} rows are not trained on: X has a column that names "
                "a split, and they are its test part. Leave the column out to train on all rows.",
                DataWarning,
                stacklevel=2,
            )
        return self

    def predict_proba(self, X: pd.DataFrame) -> Array:  # noqa: N803
        """Calibrated probabilities ``[n, classes]`` in the order of ``classes_``.

        A row without any readable modality gets NaN, with a warning.
        """
        from chiasm.encoders.features.cache import FeatureCache
        from chiasm.model.dataset import encode_table
        from chiasm.model.logits import predict_probabilities

        check_is_fitted(self, "model_")
        table = self._read(_features(X))
        rows = encode_table(table, self.model_.encoders, cache=FeatureCache())
        indices = class_indices(self.model_.classes)
        order = [indices[_spell(label) or label] for label in self.classes_]
        probabilities: Array = predict_probabilities(self.model_, rows).numpy()[:, order]
        unreadable = np.flatnonzero(~rows.present)
        if len(unreadable):
            warnings.warn(
                f"{len(unreadable)} rows have nothing readable and get no prediction: "
                f"positions {', '.join(map(str, unreadable[:5]))}.",
                DataWarning,
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
        y: Any = None,
        *,
        target: str | None = None,
        contrast: str | None = None,
        training: tuple[pd.DataFrame, Any] | None = None,
    ) -> "list[Explanation]":
        """Why each row is predicted as it is; rows without anything readable are left out.

        ``y`` are the true labels, if they are known. ``target`` is the class that is explained
        (None: the predicted one), ``contrast`` the one it is held against (None: all others).
        Neighbours, which are labelled rows, and exchanged values come from ``training``, the rows
        and labels that were given to ``fit``; None: from ``X`` and ``y``.
        ``write_explanations`` of ``chiasm.explanation.files`` draws what this returns.

        Raises:
            DataError: the model does not know a class.
            ChiasmError: the package captum is not installed.
        """
        from chiasm.encoders.features.cache import FeatureCache
        from chiasm.explanation.rows import explain

        check_is_fitted(self, "model_")
        table = self._read(_rows(X, y))
        return explain(
            self.model_,
            table,
            rows=range(len(table)),
            target=None if target is None else _spell(target) or target,
            contrast=None if contrast is None else _spell(contrast) or contrast,
            training=None if training is None else self._read(_rows(*training)),
            cache=FeatureCache(),
        )

    def save(self, folder: Path | str) -> None:
        """Write the model as a folder that the command line reads too.

        Raises:
            ChiasmError: the folder holds other files than an earlier model.
        """
        from chiasm.model.storage import CONFIG, save_model
        from chiasm.training.run.card import model_card

        check_is_fitted(self, "model_")
        check_own_folder(Path(folder), record=Path(folder) / CONFIG)
        card = model_card(self.trained_) if hasattr(self, "trained_") else self._card
        save_model(self.model_, Path(folder), card=card)

    @classmethod
    def load(cls, folder: Path | str) -> "Classifier":
        """Read a model that ``save`` or ``chiasm train`` wrote; its labels are strings.

        Raises:
            ChiasmError: there is no model in the folder, or its encoders have changed.
        """
        from chiasm.model.storage import load_model, read_card

        model = load_model(Path(folder))
        config = model.fusion_config
        encoders = DEFAULT_ENCODERS | {e.kind: e.name for e in model.encoders.values()}
        loaded = cls(
            fusion=config.name,
            text_encoder=encoders["text"],
            image_encoder=encoders["image"],
            dim=config.dim,
            num_heads=config.num_heads,
            dropout=config.dropout,
            modality_dropout=config.modality_dropout,
        )
        loaded.model_ = model
        loaded._card = read_card(Path(folder))
        loaded.classes_ = np.array(model.classes)
        return loaded

    def _read(self, frame: pd.DataFrame) -> Table:
        """The rows of a frame, with the features that the model looks at."""
        encoders = self.model_.encoders.items()
        precomputed = [m for m, encoder in encoders if encoder.kind == "vector"]
        table = read(frame, features={m: m for m in precomputed if m in frame.columns})
        table = note_left_out(table, self.model_.encoders)
        for sentence in lacking(table, self.model_.modalities):
            warnings.warn(sentence, DataWarning, stacklevel=3)
        seen = (p for p in table.problems if p.field in self.model_.modalities)
        _warn_of(seen, stacklevel=4)
        return table

    def _recipe(self) -> Recipe:
        kinds = get_type_hints(Classifier.__init__)
        parse_config(kinds["verbose"], self.verbose, where="verbose")
        settings = {}
        for name, setting in _SHORT.items():
            value = parse_config(kinds[name], getattr(self, name), where=name)
            if value != _AS_RECIPE:
                settings[setting] = value
        for name in self._long_names:
            setting = name.replace("__", ".")
            if setting in settings:
                raise ChiasmError(
                    f"{name} is given by its short name too. Leave one of the two out."
                )
            settings[setting] = getattr(self, name)
        return load_recipe(self.recipe, settings)

    def _report(self, epoch: "Epoch") -> None:
        from chiasm.training.loop.epochs import epoch_line

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
    if not isinstance(frame, pd.DataFrame) and hasattr(frame, "__arrow_c_stream__"):
        frame = pa.table(frame).to_pandas(timestamp_as_object=True)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"X must be a DataFrame (pandas, polars, or another that hands out Arrow data) with a "
            f"text or an image column, not a {type(frame).__name__}."
        )
    # A label column of X must not be taken for the labels, which are y.
    return frame.loc[:, [not is_label(name) for name in frame.columns]]


def _rows(frame: Any, y: Any) -> pd.DataFrame:
    """The rows with their labels as a column, where there are labels."""
    features = _features(frame)
    return features if y is None else features.assign(label=_labels(y, rows=len(features)))


def _check_joins(fusion: str, table: Table, frame: pd.DataFrame) -> None:
    if fusion in JOINT_FUSIONS and len(table.modalities) < 2:
        (modality,) = table.modalities
        raise DataError(
            f"The fusion {fusion!r} joins modalities, and X has one: {modality}. Its columns are "
            f"{', '.join(map(repr, frame.columns))}. Texts, images and audio are found by the "
            "common names of their columns (text, image, audio, ...); columns of numbers are not "
            f"looked at. Rename a column, or choose fusion={modality!r}."
        )


def _warn_of(problems: Iterable[Problem], *, stacklevel: int) -> None:
    for line in problem_lines(problems, by_position=True):
        warnings.warn(line, DataWarning, stacklevel=stacklevel)

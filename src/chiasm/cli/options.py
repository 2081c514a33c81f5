"""Options that several commands share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.errors import DataError
from chiasm.training.config import TrainingConfig

if TYPE_CHECKING:
    from chiasm.data.table import Table
    from chiasm.training.recipe import Recipe

Data: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, JSONL or Parquet file, or a folder with train.txt (guid,tag) and "
        "data/GUID.txt, data/GUID.jpg.",
    ),
]
Model: TypeAlias = Annotated[
    Path, typer.Argument(metavar="MODEL", help="The folder that chiasm train wrote.")
]
Json: TypeAlias = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON too.")
]


def _option(help: str, *names: str, panel: str = "Reading the data", **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@dataclass(frozen=True)
class Reading:
    """How the data is read."""

    text: Annotated[str | None, _option("Column of the texts, if not text, review, ...")] = None
    image: Annotated[
        str | None, _option("Column of the picture paths, if not image, photo, ...")
    ] = None
    audio: Annotated[str | None, _option("Column of the sound paths, if not audio, wav, ...")] = (
        None
    )
    feature: Annotated[
        list[str] | None,
        _option(
            "Precomputed features as a modality of that name: a .npy or .npz file, row for row "
            "with the data, or a column. May be given several times.",
            metavar="NAME=FILE_OR_COLUMN",
        ),
    ] = None
    label: Annotated[str | None, _option("Column of the labels, if not label, sentiment, ...")] = (
        None
    )
    id: Annotated[str | None, _option("Column of the row ids.")] = None
    split: Annotated[str | None, _option("Column that says train, validation or test.")] = None
    group: Annotated[
        str | None, _option("Column of groups that no split may part (speaker, video, ...).")
    ] = None
    encoding: Annotated[
        str | None,
        _option("Encoding of the texts; by default detected for the data set as a whole."),
    ] = None
    on_bad: Annotated[
        Literal["keep", "drop", "fail"],
        _option("A missing or broken value: the row stays without it, is dropped, or all fails."),
    ] = "keep"
    allow_outside: Annotated[
        bool, _option("Allow paths that leave the data folder.", "--allow-outside")
    ] = False

    def read(self, data: Path) -> "Table":
        """Read a table in this way."""
        from chiasm.data.columns import Columns
        from chiasm.data.read import read

        return read(
            data,
            columns=Columns(
                text=self.text,
                image=self.image,
                audio=self.audio,
                label=self.label,
                id=self.id,
                split=self.split,
                group=self.group,
            ),
            features=_named(self.feature or []),
            encoding=self.encoding,
            on_bad=self.on_bad,
            allow_outside=self.allow_outside,
        )


def _named(features: Sequence[str]) -> dict[str, str]:
    """Where the features of each name lie."""
    named: dict[str, str] = {}
    for feature in features:
        name, _, origin = feature.partition("=")
        if not origin or name in named:
            raise DataError(
                f"--feature is NAME=FILE_OR_COLUMN, each name once, such as visual=visual.npy; not "
                f"{feature!r}."
            )
        named[name] = origin
    return named


_MODEL = "Model and training"
_DEFAULTS = TrainingConfig()


@dataclass(frozen=True)
class Settings:
    """What decides how a model is made."""

    text_encoder: Annotated[
        str, _option("minilm, or a Hugging Face text model by name or folder.", panel=_MODEL)
    ] = DEFAULT_ENCODERS["text"]
    image_encoder: Annotated[
        str,
        _option(
            "efficientnet-lite0, efficientnet-lite2, or a Hugging Face vision model by name or "
            "folder.",
            panel=_MODEL,
        ),
    ] = DEFAULT_ENCODERS["image"]
    group_by: Annotated[
        str | None,
        _option(
            "What makes rows duplicates that no split may part: some of text,image,audio.",
            metavar="A,B",
            panel=_MODEL,
        ),
    ] = None
    validation: Annotated[
        float, _option("Part of the training rows held out to choose the epochs.", panel=_MODEL)
    ] = _DEFAULTS.validation
    epochs: Annotated[
        int | None,
        _option(
            "Passes over the data at most; by default as many as make about 450 steps.",
            min=1,
            panel=_MODEL,
        ),
    ] = _DEFAULTS.epochs
    batch_size: Annotated[int, _option("Rows a step.", min=1, panel=_MODEL)] = _DEFAULTS.batch_size
    learning_rate: Annotated[float, _option("Peak rate of AdamW.", min=0.0, panel=_MODEL)] = (
        _DEFAULTS.learning_rate
    )
    class_weight: Annotated[
        Literal["none", "sqrt", "balanced"],
        _option("Weigh rare classes more in the loss.", panel=_MODEL),
    ] = _DEFAULTS.class_weight
    seed: Annotated[int, _option("Of splits, initialisation and order.", panel=_MODEL)] = (
        _DEFAULTS.seed
    )

    def recipe(self) -> "Recipe":
        """These settings as a recipe."""
        from chiasm.training.recipe import Recipe

        return Recipe(
            encoders=DEFAULT_ENCODERS | {"text": self.text_encoder, "image": self.image_encoder},
            training=replace(
                _DEFAULTS,
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                class_weight=self.class_weight,
                validation=self.validation,
                seed=self.seed,
            ),
            group_by=tuple(self.group_by.split(",")) if self.group_by else None,
        )

"""Options that several commands share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.errors import ChiasmError, DataError
from chiasm.training.config import TrainingConfig
from chiasm.utils.outputs import spare_inputs
from chiasm.utils.reading import check_there

if TYPE_CHECKING:
    from chiasm.data.media.kinds import Kind
    from chiasm.data.table import Table
    from chiasm.encoders.base import TrainableBlocks
    from chiasm.training.recipe import Recipe


def _existing(path: Path) -> Path:
    """The path, known to be there before the libraries of a command are loaded, for seconds."""
    check_there(path)
    return path


Data: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        callback=_existing,
        help="A CSV, TSV, JSONL or Parquet file, or a folder with train.txt (guid,tag) and "
        "data/GUID.txt, data/GUID.jpg.",
    ),
]
Model: TypeAlias = Annotated[
    Path, typer.Argument(metavar="MODEL", help="The folder that chiasm train wrote.")
]


def refuse_without_effect(because: str, **given: object) -> None:
    """Let options pass that were not given, where they have no effect.

    Raises:
        ChiasmError: one was given; ``because`` says where it has one.
    """
    named = [name for name, value in given.items() if value]
    if named:
        option = f"--{named[0].replace('_', '-').strip('-')}"
        raise ChiasmError(f"{option} has an effect only {because}. Leave it out.")


Engine: TypeAlias = Annotated[
    Literal["local", "ray"],
    typer.Option(help="This process, or Ray: all cores of this machine, or a cluster."),
]
Address: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="A Ray cluster; auto: the one that this machine is in. By default that of the "
        "environment variable RAY_ADDRESS, or this machine alone.",
    ),
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
    image: Annotated[str | None, _option("Column of the image paths, if not image, photo, ...")] = (
        None
    )
    audio: Annotated[str | None, _option("Column of the audio paths, if not audio, wav, ...")] = (
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

    def read(self, data: Path, *, spare_from: Iterable[Path | None] = ()) -> "Table":
        """Read a table in this way.

        Raises:
            ChiasmError: an output, of ``spare_from``, is one of the files that were read.
        """
        from chiasm.data.readers.columns import Columns
        from chiasm.data.reading import read

        table = read(
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
        spare_inputs(spare_from, table.files_read())
        return table


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

GroupBy: TypeAlias = Annotated[
    str | None,
    _option(
        "What makes rows duplicates, which are no independent ones: some of text,image,audio; by "
        "default what the recipe says, otherwise all.",
        metavar="A,B",
        panel=_MODEL,
    ),
]


def split_names(given: str | None) -> tuple[str, ...] | None:
    """The names in a list such as "text,image", if there is one."""
    return tuple(given.split(",")) if given else None


Strict: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse data in which no row has one of the modalities that the model looks at.",
    ),
]


@dataclass(frozen=True)
class Encoders:
    """What decides how much of a text or audio is read: a recipe, and what is to be different."""

    recipe: Annotated[
        str | None,
        _option(
            "A recipe by name (chiasm recipes lists them) or the path of its file; the options "
            "below change it.",
            metavar="NAME|FILE",
            panel=_MODEL,
        ),
    ] = None
    text_encoder: Annotated[
        str | None,
        _option(
            f"{DEFAULT_ENCODERS['text']} (default), or a Hugging Face text model by name or "
            "folder.",
            panel=_MODEL,
        ),
    ] = None
    audio_encoder: Annotated[
        str | None,
        _option(
            f"{DEFAULT_ENCODERS['audio']} (default), whisper-tiny-last, or a Hugging Face audio "
            "model by name or folder.",
            panel=_MODEL,
        ),
    ] = None
    max_seconds: Annotated[
        float | None,
        _option(
            "How many seconds of an audio clip are read, from its beginning; by default 30.",
            panel=_MODEL,
        ),
    ] = None

    set: Annotated[
        list[str] | None,
        _option(
            "Any setting of the recipe, such as training.patience=0.5 or encoders.text=minilm "
            "(chiasm recipes NAME shows them). May be given several times.",
            metavar="NAME=VALUE",
            panel=_MODEL,
        ),
    ] = None

    def gives(self, setting: str) -> bool:
        """Whether a setting was given, by a short option or by --set."""
        return setting in (name for _, name in self._given())

    def read_recipe(self, fusion: str | None = None) -> "Recipe":
        """The recipe with these settings.

        Raises:
            ChiasmError: there is no such recipe, or it does not allow a setting.
        """
        from chiasm.recipes.files import load_recipe, parse_setting

        settings = dict(map(parse_setting, self.set or []))
        if len(settings) < len(self.set or []):
            raise ChiasmError("--set is given twice for one setting. Give each once.")
        for option, name, value in (*self._short(), ("--fusion", "fusion.name", fusion)):
            if value is None:
                continue
            if name in settings:
                raise ChiasmError(f"{option} and --set {name} are one setting. Give one of them.")
            settings[name] = value
        # Named after all else: which features there are is known with the data.
        name = settings.pop("fusion.name", None)
        recipe = load_recipe(self.recipe, settings)
        return recipe if name is None else replace(recipe, fusion=replace(recipe.fusion, name=name))

    def refuse_unused(self, looked_at: "Mapping[str, Kind]") -> None:
        """Let settings pass of modalities that are looked at, or of their kinds.

        Raises:
            ChiasmError: one is given for another modality.
        """
        for option, name in self._given():
            if name.partition(".")[0] not in _OF_MODALITIES:
                continue
            modality = "audio" if name == "max_seconds" else name.partition(".")[2]
            if modality not in (*looked_at, *looked_at.values()):
                raise ChiasmError(
                    f"{option} has an effect only where {modality} is looked at. Here that is "
                    f"{' and '.join(looked_at)}: leave it out."
                )

    def _given(self) -> Iterator[tuple[str, str]]:
        """The options that were given, each with the name of its setting."""
        yield from ((option, name) for option, name, value in self._short() if value is not None)
        names = (one.partition("=")[0] for one in self.set or [])
        yield from ((f"--set {name}", name) for name in names)

    def _short(self) -> Iterator[tuple[str, str, object]]:
        """The short options, each with the setting that it is a name of and its value if given."""
        yield "--text-encoder", "encoders.text", self.text_encoder
        yield "--audio-encoder", "encoders.audio", self.audio_encoder
        yield "--max-seconds", "max_seconds", self.max_seconds


@dataclass(frozen=True)
class Encoding(Encoders):
    """What decides the features: all encoders, and how much of them is trained."""

    image_encoder: Annotated[
        str | None,
        _option(
            f"{DEFAULT_ENCODERS['image']} (default), efficientnet-lite0, or a Hugging Face vision "
            "model by name or folder.",
            panel=_MODEL,
        ),
    ] = None
    trainable_blocks: Annotated[
        list[str] | None,
        _option(
            "How many of the last blocks of an encoder are trained too; by default 0. May be given "
            "several times.",
            metavar="MODALITY=K|all",
            panel=_MODEL,
        ),
    ] = None
    lora: Annotated[
        list[str] | None,
        _option(
            "Train updates of that rank instead of the weights of those blocks. May be given "
            "several times.",
            metavar="MODALITY=RANK",
            panel=_MODEL,
        ),
    ] = None

    def _short(self) -> Iterator[tuple[str, str, object]]:
        yield from super()._short()
        yield "--image-encoder", "encoders.image", self.image_encoder
        for modality, blocks in _blocks(self.trainable_blocks or []).items():
            yield f"--trainable-blocks {modality}", f"trainable_blocks.{modality}", blocks
        for modality, rank in _ranks(self.lora or []).items():
            yield f"--lora {modality}", f"lora.{modality}", rank


@dataclass(frozen=True)
class TrainingOptions(Encoding):
    """What decides how a model is made: a recipe, and what is to be different from it."""

    group_by: GroupBy = None
    validation: Annotated[
        float | None,
        _option(
            "Part of the training rows held out to choose the epochs, or how many; by default "
            f"{TrainingConfig.validation}.",
            panel=_MODEL,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        _option(
            "Passes over the data at most; by default as many as make about 450 steps.",
            min=1,
            panel=_MODEL,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        _option(f"Rows a step; by default {TrainingConfig.batch_size}.", min=1, panel=_MODEL),
    ] = None
    learning_rate: Annotated[
        float | None,
        _option(
            f"Peak rate of AdamW; by default {TrainingConfig.learning_rate}.", min=0.0, panel=_MODEL
        ),
    ] = None
    class_weight: Annotated[
        Literal["none", "sqrt", "balanced"] | None,
        _option("Weigh rare classes more in the loss; by default none.", panel=_MODEL),
    ] = None
    seed: Annotated[
        int | None,
        _option(
            f"Of splits, initialisation and order; by default {TrainingConfig.seed}.", panel=_MODEL
        ),
    ] = None

    def _short(self) -> Iterator[tuple[str, str, object]]:
        yield from super()._short()
        yield "--group-by", "group_by", split_names(self.group_by)
        for name in _TRAINING:
            yield f"--{name.replace('_', '-')}", f"training.{name}", getattr(self, name)


# Options that are fields of TrainingConfig.
_TRAINING = ("validation", "epochs", "batch_size", "learning_rate", "class_weight", "seed")
# Settings that have a value for each modality, or are of one.
_OF_MODALITIES = ("encoders", "trainable_blocks", "lora", "max_seconds")


def _blocks(given: Sequence[str]) -> "dict[str, TrainableBlocks]":
    """How many blocks of which encoder are trained."""
    blocks: dict[str, TrainableBlocks] = {}
    for setting in given:
        modality, _, number = setting.partition("=")
        if number != "all" and not number.isdecimal():
            raise ChiasmError(
                f"--trainable-blocks is MODALITY=K, such as text=2 or image=all; not {setting!r}."
            )
        blocks[modality] = "all" if number == "all" else int(number)
    return blocks


def _ranks(given: Sequence[str]) -> dict[str, int]:
    """The rank of the updates of which encoder."""
    ranks: dict[str, int] = {}
    for setting in given:
        modality, _, rank = setting.partition("=")
        if not rank.isdecimal():
            raise ChiasmError(f"--lora is MODALITY=RANK, such as text=8; not {setting!r}.")
        ranks[modality] = int(rank)
    return ranks

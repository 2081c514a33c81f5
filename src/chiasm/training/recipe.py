"""Recipe: everything that decides what a run comes to, besides the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chiasm.data.media.kinds import Kind
from chiasm.data.table import Table
from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.registry import load_encoder, precomputed_name
from chiasm.errors import ChiasmError, DataError, UnreachableEncoder
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig
from chiasm.utils.config import check_settings

_Setting = TypeVar("_Setting")
# Matrices of encoders are hardly wider.
_MOST_OF_A_RANK = 4096


@dataclass(frozen=True)
class Recipe:
    """Encoders, fusion and training.

    Attributes:
        description: what it is, in a line.
        encoders: name of the encoder of each modality, or of a kind: of all modalities of that kind
            that are not named themselves. A modality without one is not looked at, and an encoder
            whose modality the data lacks is not loaded.
        trainable_blocks: how many of the last blocks of an encoder are trained with the fusion, by
            modality, or "all"; 0 for those that are not named.
        lora: rank of the updates that are trained instead of the weights of those blocks, by
            modality; 0, for those that are not named: the weights themselves are trained.
        random_init: modalities whose encoder starts from random weights, not from published ones;
            all of its blocks are trained.
        max_seconds: how much of an audio clip is read, from its beginning.
        fusion: which fusion, and how large.
        training: how it is trained.
        staged: whether the encoders are trained alone first, then frozen and fused.
        stage_epochs: passes at most in which an encoder is trained alone, by modality; those that
            are not named have as many as the fusion (training.epochs).
        group_by: which modalities make two rows duplicates; None: all.
        offline_twin: the recipe to use where the encoders of this one cannot be had.

    Raises:
        ChiasmError: a value that a setting cannot have, or a setting of an encoder that is not
            there.
    """

    description: str = ""
    encoders: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_ENCODERS))
    trainable_blocks: dict[str, TrainableBlocks] = field(default_factory=dict)
    lora: dict[str, int] = field(default_factory=dict)
    random_init: tuple[str, ...] = ()
    max_seconds: float = 30.0
    fusion: FusionConfig = field(default_factory=FusionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    staged: bool = False
    stage_epochs: dict[str, int] = field(default_factory=dict)
    group_by: tuple[str, ...] | None = None
    offline_twin: str | None = None

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("trainable_blocks", "lora", "random_init", "stage_epochs"):
            unknown = [m for m in getattr(self, name) if m not in self.encoders]
            if unknown:
                raise ChiasmError(
                    f"{name} is given for {unknown[0]!r}, which has no encoder. Choose from: "
                    f"{', '.join(self.encoders)}."
                )
        for modality, name in self.encoders.items():
            if not name.strip():
                raise ChiasmError(
                    f"encoders.{modality} is empty. Give the name or the folder of an encoder, "
                    f"such as {DEFAULT_ENCODERS.get(modality, 'minilm')}."
                )
        for modality, blocks in self.trainable_blocks.items():
            if blocks != "all" and blocks < 0:
                raise ChiasmError(
                    f"trainable_blocks.{modality} is {blocks}. Give how many of its last blocks "
                    "are trained, 0 for none, or all."
                )
        for modality, rank in self.lora.items():
            if not 0 <= rank <= _MOST_OF_A_RANK:
                raise ChiasmError(
                    f"lora.{modality} is {rank}. Give the rank of its updates, such as 8, at most "
                    f"{_MOST_OF_A_RANK}, or 0 for none."
                )
        for modality, epochs in self.stage_epochs.items():
            if epochs < 1 or not self.staged:
                raise ChiasmError(
                    f"stage_epochs.{modality} is {epochs}. Give 1 or more, and only where staged "
                    "is true."
                )
        if self.max_seconds <= 0:
            raise ChiasmError(
                f"max_seconds is {self.max_seconds:g}. Give the seconds of audio that are to be "
                "read, more than 0."
            )

    def for_table(self, table: Table) -> "Recipe":
        """This recipe, where what it says of a kind is said of each modality that it does not name.

        Precomputed features have the encoder of their width.
        """
        unnamed = {name: kind for name, kind in table.kinds.items() if name not in self.encoders}

        def spread(settings: dict[str, _Setting]) -> dict[str, _Setting]:
            of_kinds = {name: settings[kind] for name, kind in unnamed.items() if kind in settings}
            return settings | of_kinds

        precomputed = {name: precomputed_name(width) for name, width in table.widths.items()}
        random = (name for name, kind in unnamed.items() if kind in self.random_init)
        return replace(
            self,
            encoders=spread(self.encoders) | precomputed,
            trainable_blocks=spread(self.trainable_blocks),
            lora=spread(self.lora),
            stage_epochs=spread(self.stage_epochs),
            random_init=(*self.random_init, *random),
        )

    def epochs_alone(self, modality: str) -> int | None:
        """Passes in which the encoder of a modality is trained alone; None: about 450 steps."""
        return self.stage_epochs.get(modality, self.training.epochs)

    def looked_at(self, table: Table) -> dict[str, Kind]:
        """The modalities of the table that its fusion looks at, with their kinds."""
        encoders = self.for_table(table).encoders
        looked_at = self.fusion.looked_at(m for m in table.modalities if m in encoders)
        return {modality: table.kinds[modality] for modality in looked_at}

    def load_encoders(self, kinds: Mapping[str, Kind]) -> dict[str, Encoder]:
        """The encoders of those of these modalities, given with their kinds, that it looks at.

        Random weights come from torch's global generator.

        Raises:
            DataError: the recipe looks at none of them.
            EncoderError: one cannot be had, or not with these settings.
        """
        chosen = [modality for modality in kinds if modality in self.encoders]
        if not chosen:
            raise DataError(
                f"The recipe looks at {' and '.join(self.encoders)}, and the data has only "
                f"{' and '.join(kinds)}. Choose another recipe, or name an encoder for it."
            )
        try:
            return {m: self._load_encoder(m, kinds[m]) for m in chosen}
        except UnreachableEncoder as error:
            if self.offline_twin is None:
                raise
            raise UnreachableEncoder(f"{error} Or use the `recipe` {self.offline_twin}.") from error

    def _load_encoder(self, modality: str, kind: Kind) -> Encoder:
        return load_encoder(
            modality,
            self.encoders[modality],
            kind=kind,
            trainable_blocks=self.trainable_blocks.get(modality, 0),
            random_init=modality in self.random_init,
            lora=self.lora.get(modality, 0),
            max_seconds=self.max_seconds if kind == "audio" else None,
        )

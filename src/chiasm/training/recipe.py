"""Recipe: everything that decides what a run comes to, besides the data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chiasm.data.table import Table
from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.precomputed import precomputed_name
from chiasm.encoders.registry import load_encoder
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig


@dataclass(frozen=True)
class Recipe:
    """Encoders, fusion and training.

    Attributes:
        encoders: name of the encoder of each modality; those the data lacks are not loaded.
        trainable_blocks: how many of the last blocks of an encoder are trained with the fusion, by
            modality, or "all"; 0 for those that are not named.
        fusion: which fusion, and how large.
        training: how it is trained.
        group_by: which modalities make two rows duplicates; None: all.
    """

    encoders: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_ENCODERS))
    trainable_blocks: dict[str, TrainableBlocks] = field(default_factory=dict)
    fusion: FusionConfig = field(default_factory=FusionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    group_by: tuple[str, ...] | None = None

    def for_table(self, table: Table) -> "Recipe":
        """This recipe, with encoders for the precomputed features that the table has."""
        precomputed = {name: precomputed_name(width) for name, width in table.widths.items()}
        return replace(self, encoders=self.encoders | precomputed)

    def load_encoders(self, modalities: Sequence[str]) -> dict[str, Encoder]:
        """The encoders of the modalities that the data has."""
        return {
            m: load_encoder(m, self.encoders[m], trainable_blocks=self.trainable_blocks.get(m, 0))
            for m in modalities
        }

"""A fusion from its name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from chiasm.errors import ChiasmError
from chiasm.utils.config import check_settings

if TYPE_CHECKING:
    from chiasm.fusion.base import Fusion

# Classes by name: to name a fusion takes no torch, which takes seconds to import.
_UNIMODAL = "chiasm.fusion.unimodal:Unimodal"
_CROSS_ATTENTION = "chiasm.fusion.cross_attention:CrossAttention"
_POOLED = {
    "concat": "chiasm.fusion.concat:Concat",
    "late": "chiasm.fusion.late:Late",
    "gated": "chiasm.fusion.gated:Gated",
    "feature_gate": "chiasm.fusion.feature_gate:FeatureGate",
}
_OFFERED = ("concat", "late", "gated", "cross_attention")
JOINT_FUSIONS = (*_OFFERED, "feature_gate")
_KEY_DROPOUT = 0.3
_RANGES = {
    "dim": (1, 4096),
    "num_heads": (1, 4096),
    "dropout": (0, 1),
    "key_dropout": (0, 1),
    "modality_dropout": (0, 1),
}
# Where all is dropped, nothing is learned.
_BELOW = ("dropout", "key_dropout", "modality_dropout")


@dataclass(frozen=True)
class FusionConfig:
    """Which fusion, and how large.

    Attributes:
        name: a modality ("text": that modality alone), "concat", "late", "gated",
            "cross_attention" or "feature_gate".
        dim: width of the fused tokens.
        num_heads: attention heads, each of an equal part of the width.
        dropout: how many of the features are dropped in training.
        key_dropout: how many of the keys of an attention are; None: 0.3, or 0 where dropout is 0,
            which so means that nothing is dropped.
        modality_dropout: how often a whole modality is hidden from a row in training.
        directions: in cross_attention, who asks whom, as in ("text->image",); None: every modality
            asks every other.

    Raises:
        ChiasmError: a value that no fusion can have, or heads that do not divide the width.
    """

    name: str = "cross_attention"
    dim: int = 128
    num_heads: int = field(default=4, metadata={"formerly": "heads"})
    dropout: float = 0.5
    key_dropout: float | None = None
    modality_dropout: float = 0.1
    directions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.key_dropout is None:
            # Settled here, so that what is written down is what was trained with.
            object.__setattr__(self, "key_dropout", _KEY_DROPOUT if self.dropout else 0.0)
        check_settings(self, ranges=_RANGES, below=_BELOW)
        if self.name == "cross_attention" and self.dim % self.num_heads:
            raise ChiasmError(
                f"Each head takes an equal part of the width: dim={self.dim}, "
                f"num_heads={self.num_heads} leaves a rest. "
                "Choose a dim that is a multiple of num_heads."
            )

    def looked_at(self, modalities: Iterable[str]) -> tuple[str, ...]:
        """Those of these modalities that the fusion looks at: one alone, or all."""
        given = tuple(modalities)
        return (self.name,) if self.name in given else given


def fusion_names(modalities: Sequence[str]) -> tuple[str, ...]:
    """Every fusion worth trying on these modalities, simplest first: not "feature_gate"."""
    return (*modalities, *(_OFFERED if len(modalities) > 1 else ()))


def check_fusions(names: Sequence[str], modalities: Sequence[str]) -> None:
    """Make sure that the modalities allow every one of these fusions.

    Raises:
        ChiasmError: one is unknown, or needs a modality that is not there.
    """
    offered = fusion_names(modalities)
    known = (*modalities, *(JOINT_FUSIONS if len(modalities) > 1 else ()))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ChiasmError(
            f"There is no fusion '{unknown[0]}' of {' and '.join(modalities)}. "
            f"Choose from: {', '.join(offered)}."
        )


def build_fusion(config: FusionConfig, input_dims: dict[str, int]) -> "Fusion":
    """Build the fusion for modalities whose tokens have these widths.

    Raises:
        ChiasmError: the modalities do not allow a fusion of that name, or with these directions.
    """
    check_fusions([config.name], tuple(input_dims))
    made_by, settings = _class_of(config, input_dims)
    fusion: Callable[..., Fusion] = resolve_name(made_by)
    return fusion(dim=config.dim, dropout=config.dropout, **settings)


def _class_of(config: FusionConfig, input_dims: dict[str, int]) -> tuple[str, dict[str, Any]]:
    """The class of a fusion, and what it is told besides its width and dropout."""
    if config.name in input_dims:
        return _UNIMODAL, {"modality": config.name, "input_dim": input_dims[config.name]}
    if config.name == "cross_attention":
        return _CROSS_ATTENTION, {
            "input_dims": input_dims,
            "num_heads": config.num_heads,
            "key_dropout": config.key_dropout or 0.0,
            "directions": config.directions,
        }
    return _POOLED[config.name], {"input_dims": input_dims}

"""What every encoder promises."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from chiasm.data.media.facts import AudioFacts
from chiasm.data.media.kinds import Kind
from chiasm.data.table import Table
from chiasm.errors import EncoderError
from chiasm.inference.left_out import LeftOut, seconds_left_out
from chiasm.inference.token_spans import TokenSpan, numbered_spans

# A Recipe names encoders without torch, which takes seconds to import.
if TYPE_CHECKING:
    from torch import nn

    from chiasm.encoders.export_spec import ExportSpec
    from chiasm.encoders.tokens import Tokens

# The last k blocks, or the whole network.
TrainableBlocks: TypeAlias = int | Literal["all"]


class Encoder(ABC):
    """Turns raw values of one modality into Tokens: frozen layers, then trainable ones.

    The last ``trainable_blocks`` blocks (k) of the network are the *trainable layers*, trained with
    the fusion; what lies before are the *frozen layers*, run once for each value and cached. With
    k = 0 all are frozen, and what is trained is the identity, or a ``LayerMix`` of their states;
    with k = "all" the frozen part only lays the value out as tokens of raw numbers (pixels, words).
    The order of the rows and the composition of a batch never change a row's tokens beyond float
    tolerance.

    Attributes:
        name: what the user called it: a packaged encoder, a hub name or a local path.
        kind: what it reads.
        modality: the name of what it reads.
        revision: the commit of the hub model that was asked for, if any.
        frozen_dim: width of the frozen layers' tokens, which the cache holds.
        dim: width of the tokens after the trainable layers.
        trainable_blocks: k.
        max_seconds: how much of an audio clip is read, from its beginning; None: it reads no audio.
        random_init: whether the trainable layers started at random, not as published.
        lora: rank of the updates that are trained instead of the weights; 0: none are.
        fingerprint: changes whenever the frozen layers' output could: weights, preprocessing,
            depth.
        trainable_layers: map the frozen layers' Tokens to the encoder's Tokens.
    """

    name: str
    kind: Kind
    modality: str
    revision: str | None = None
    frozen_dim: int
    dim: int
    trainable_blocks: TrainableBlocks
    random_init: bool = False
    lora: int = 0
    max_seconds: float | None = None
    fingerprint: str
    trainable_layers: "nn.Module"

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the encoder by its settings: its weights need no copy there.

        What is opened is as it was before any training, with the same fingerprint.
        """
        # It finds encoders of every kind, which are made from this class.
        from chiasm.encoders.encoder_config import encoder_config, load_from_config

        return load_from_config, (self.modality, encoder_config(self))

    def __deepcopy__(self, _: object) -> "Encoder":
        # Several models may share one encoder: none changes it.
        return self

    @abstractmethod
    def load(self, value: Any) -> Any:
        """Decode and preprocess one value.

        Raises:
            UnreadableExample: the value cannot be decoded.
        """

    @abstractmethod
    def encode_frozen(self, batch: Sequence[Any]) -> "Tokens":
        """Run the frozen part on loaded values, without gradients."""

    def lengths(self, values: Sequence[Any]) -> Sequence[int]:
        """How long raw values are to the network, which pads those of a batch to the longest.

        By default all are alike.
        """
        return [0] * len(values)

    def left_out(self, table: Table) -> Mapping[int, Sequence[LeftOut]]:
        """What of the values of its modality never reaches the network, by position of the row.

        By default, what lies behind ``max_seconds`` of an audio clip.
        """
        found = {
            row: seconds_left_out(facts.seconds, limit=self.max_seconds)
            for row, facts in enumerate(table.facts.get(self.modality, ()))
            if isinstance(facts, AudioFacts)
        }
        return {row: parts for row, parts in found.items() if parts}

    def token_spans(self, value: Any, count: int) -> list[TokenSpan]:
        """What each of the ``count`` tokens of a value stands for; by default, its number.

        Raises:
            UnreadableExample: the value cannot be decoded.
        """
        return numbered_spans(count)

    def export_spec(self) -> "ExportSpec":
        """The frozen layers as they are exported.

        Raises:
            EncoderError: encoders of this kind cannot be exported, or not with these settings.
        """
        raise EncoderError(
            f"The {self.modality} encoder {self.name!r} cannot be exported. Train a model with "
            "another one, such as a packaged encoder."
        )

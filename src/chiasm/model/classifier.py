"""FusionClassifier: encoders, a fusion and a head."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.utils.generic import ModelOutput

from chiasm.encoders.base import Encoder
from chiasm.encoders.tokens import Tokens
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.fusion.build import FusionConfig, build_fusion
from chiasm.fusion.modality_dropout import ModalityDropout
from chiasm.tasks.base import Task


@dataclass
class ClassifierOutput(ModelOutput):
    """``logits`` ``[b, classes]``, and the fusion's attention where it was asked for.

    ``auxiliary`` holds the logits of each modality alone and which rows have it, in a training that
    uses them.
    """

    logits: Tensor
    attention: dict[str, Tensor] | None = None
    auxiliary: dict[str, tuple[Tensor, Tensor]] | None = None


class FusionClassifier(nn.Module):
    """Classifies rows from the cached tokens of their modalities.

    The frozen layers of the encoders are kept beside the model, not in it: they are named in the
    saved configuration. What is trained and saved are the trainable layers, the fusion and the
    head.

    Attributes:
        encoders: where the tokens come from, by modality; only those the fusion looks at.
        task: what is predicted.
        temperature: what the logits are divided by to give calibrated probabilities (Guo et al.,
            "On Calibration of Modern Neural Networks", 2017).
    """

    temperature: Tensor

    def __init__(
        self, *, encoders: Mapping[str, Encoder], fusion: FusionConfig, task: Task
    ) -> None:
        super().__init__()
        encoders = {m: encoders[m] for m in fusion.looked_at(encoders)}
        self.encoders = encoders
        self.fusion_config = fusion
        self.task = task
        # Several models may share one encoder: each trains layers of its own.
        self.trainable_layers = nn.ModuleDict(
            {m: copy.deepcopy(e.trainable_layers) for m, e in encoders.items()}
        )
        self.modality_dropout = ModalityDropout(fusion.modality_dropout)
        self.fusion = build_fusion(fusion, {m: e.dim for m, e in encoders.items()})
        self.head = nn.Linear(self.fusion.dim, task.num_outputs)
        self.register_buffer("temperature", torch.ones(()))
        self.register_load_state_dict_pre_hook(_rename_layers)  # type: ignore[no-untyped-call]

    def __reduce__(self) -> tuple[Any, ...]:
        """What a saved model holds: the frozen weights are opened where it is unpickled."""
        state = {name: weight.cpu() for name, weight in self.state_dict().items()}
        return _restore, (self.encoders, self.fusion_config, self.task, state, self.training)

    def forward(
        self, tokens: Mapping[str, Tokens], *, need_weights: bool = False
    ) -> ClassifierOutput:
        """Logits from the frozen layers' tokens of each modality."""
        return self.classify(self.encode(tokens), need_weights=need_weights)

    def encode(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """What the trainable layers make of the frozen layers' tokens."""
        return {
            modality: layers(tokens[modality]) for modality, layers in self.trainable_layers.items()
        }

    def classify(
        self, encoded: Mapping[str, Tokens], *, need_weights: bool = False
    ) -> ClassifierOutput:
        """Logits from the encoded tokens of each modality."""
        fused = self.fusion(self.modality_dropout(encoded), need_weights=need_weights)
        return ClassifierOutput(logits=self.head(fused.features), attention=fused.attention or None)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of the logits."""
        return self.task.classes

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that the fusion looks at."""
        return tuple(self.encoders)

    @property
    def trains_encoders(self) -> bool:
        """Whether a part of an encoder is trained with the fusion."""
        return any(isinstance(layers, TrainableLayers) for layers in self.trainable_layers.values())

    @property
    def trained_parameters(self) -> int:
        """How many numbers training can change."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)


def _rename_layers(_: nn.Module, state: dict[str, Tensor], prefix: str, *__: Any) -> None:
    """Read what earlier versions wrote, who called the trainable layers tops."""
    former = f"{prefix}tops."
    for name in [name for name in state if name.startswith(former)]:
        state[f"{prefix}trainable_layers.{name.removeprefix(former)}"] = state.pop(name)


def _restore(
    encoders: Mapping[str, Encoder],
    fusion: FusionConfig,
    task: Task,
    state: Mapping[str, Tensor],
    training: bool,
) -> FusionClassifier:
    model = FusionClassifier(encoders=encoders, fusion=fusion, task=task)
    model.load_state_dict(state)
    return model.train(training)

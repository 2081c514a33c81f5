"""add_lora: train low-rank updates of an encoder's matrices in place of the matrices."""

from typing import Any

from torch import Tensor, nn

from chiasm.encoders.base import Encoder
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.errors import EncoderError
from chiasm.utils.extras import needs_extra


def add_lora(encoder: Encoder, *, rank: int) -> None:
    """Train only an update ``BA`` of each matrix ``W`` in the trainable blocks of an encoder.

    ``Wx`` becomes ``Wx + BAx`` with A ``[rank, d]`` random, from torch's global generator, and B
    ``[e, rank]`` zero, so that nothing changes at first: Hu et al., "LoRA" (2022), eq. 3 with alpha
    = rank, for the matrices of the attention and the feed-forward layers alike. From now on the
    state of the layers holds the updates alone: all else is as published.

    Raises:
        EncoderError: there is no linear layer that can be updated, or the package peft is not
            installed.
    """
    # Imported here, as it takes seconds and few models need it.
    with needs_extra("lora", "LoRA needs the package peft", kind=EncoderError):
        from peft import LoraConfig
    layers = encoder.trainable_layers
    updated = _linear_layers(layers) if isinstance(layers, TrainableLayers) else {}
    if not updated:
        raise EncoderError(
            f"{encoder.name!r} has no blocks with linear layers, which LoRA updates. It is for "
            f"transformers: leave lora out for {encoder.modality!r}."
        )
    layers.requires_grad_(False)
    for block, names in updated.items():
        _inject(block, LoraConfig(r=rank, lora_alpha=rank, target_modules=names), encoder.name)
    layers.register_state_dict_post_hook(_leave_out_frozen)  # type: ignore[no-untyped-call]
    layers.register_load_state_dict_pre_hook(_keep_frozen)  # type: ignore[no-untyped-call]
    encoder.lora = rank


def _inject(block: nn.Module, config: Any, name: str) -> None:
    from peft import inject_adapter_in_model

    try:
        inject_adapter_in_model(config, block)
    except ValueError as error:
        raise EncoderError(f"LoRA cannot update {name!r}: {error}") from error


def _linear_layers(layers: TrainableLayers) -> dict[nn.Module, list[str]]:
    """The names of the linear layers of each block that has some."""
    named = {
        block: [name for name, layer in block.named_modules() if isinstance(layer, nn.Linear)]
        for block in layers.blocks()
    }
    return {block: names for block, names in named.items() if names}


def _frozen(layers: nn.Module) -> dict[str, Tensor]:
    return {name: weight for name, weight in layers.named_parameters() if not weight.requires_grad}


def _leave_out_frozen(layers: nn.Module, state: dict[str, Tensor], prefix: str, _: Any) -> None:
    for name in _frozen(layers):
        del state[prefix + name]


def _keep_frozen(layers: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    state.update({prefix + name: weight for name, weight in _frozen(layers).items()})

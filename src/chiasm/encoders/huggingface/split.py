"""Split: a transformer into frozen and trainable layers, as its own computation goes."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import local
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_layers import GradientCheckpointingLayer

from chiasm.encoders.base import TrainableBlocks
from chiasm.encoders.tokens import Tokens
from chiasm.errors import EncoderError

# What lists of blocks are called; a part of a block may be a list too, under other names.
_LISTS = re.compile(r"(layers?|blocks?|stages|h)")
_SEQUENCES = re.compile(r"(layers|blocks|stages)")
_CLOSE = 1e-3


@dataclass(frozen=True)
class Block:
    """One step of a network's computation.

    Attributes:
        name: of the module in the network.
        given: shape of the hidden states that it was given, of two rows.
        made: shape of those that it made.
        extras: what else it gave beside them in a tuple; None: it gave them alone.
    """

    name: str
    given: tuple[int, ...]
    made: tuple[int, ...]
    extras: int | None


class FrozenLayers(nn.Module):
    """A network up to one of its blocks: what that block is given.

    What comes after still runs, to no use, without its blocks: it is a norm, or what makes a map
    smaller.
    """

    def __init__(self, network: nn.Module, blocks: Sequence[Block], trainable_blocks: int) -> None:
        super().__init__()
        self.network = network
        self._held = _Held()
        for block in blocks[len(blocks) - trainable_blocks :]:
            _replace(network, block)
        first = network.get_submodule(blocks[len(blocks) - trainable_blocks].name)
        first.register_forward_pre_hook(self._keep, with_kwargs=True)

    def forward(self, **inputs: Tensor) -> Tensor:
        self._held.values = None
        self.network(**inputs)
        values, self._held.values = self._held.values, None
        if values is None:
            raise RuntimeError("The network did not pass the place where it was cut.")
        return values

    def _keep(self, _: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._held.values = given[0] if given else named["hidden_states"]


class RemainingLayers(nn.Module):
    """A network from one of its blocks on.

    What comes before still runs, on inputs that need only have the right shape, and is replaced:
    it is an embedding, cheap beside a block.
    """

    def __init__(self, network: nn.Module, blocks: Sequence[Block], trainable_blocks: int) -> None:
        super().__init__()
        self.network = network
        before = len(blocks) - trainable_blocks
        for block in blocks[:before]:
            _replace(network, block)
        self.names = [block.name for block in blocks[before:]]
        self._held = _Held()
        entry = network.get_submodule(self.names[0])
        entry.register_forward_pre_hook(self._enter, with_kwargs=True)
        self.register_load_state_dict_pre_hook(_renumber)  # type: ignore[no-untyped-call]

    def forward(self, values: Tensor, **inputs: Tensor) -> Tensor:
        self._held.values = values
        try:
            output: Tensor = self.network(**inputs).last_hidden_state
        finally:
            self._held.values = None
        return output

    def _enter(
        self, block: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Hand the block the values of the frozen layers instead of what reached it."""
        if given:
            return (self._held.values, *given[1:]), named
        return given, {**named, "hidden_states": self._held.values}


def find_blocks(network: nn.Module, run: Callable[[], Any]) -> list[Block]:
    """The blocks of a network in the order in which ``run`` computes them, each once.

    Empty where they cannot be told apart: there are none, one is computed twice, or one is given
    no hidden states.
    """
    seen: list[Block | None] = []
    candidates = _candidates(network)
    hooks = [
        module.register_forward_hook(
            lambda _, given, named, made, name=name: seen.append(_watch(name, given, named, made)),
            with_kwargs=True,
        )
        for name, module in candidates.items()
    ]
    try:
        with torch.no_grad():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    blocks = [block for block in seen if block is not None]
    once = len({block.name for block in blocks}) == len(seen)
    return blocks if once else []


def split(
    network: nn.Module,
    trainable_blocks: TrainableBlocks,
    name: str,
    run: Callable[[nn.Module], Any],
) -> tuple[nn.Module, nn.Module, list[Block]]:
    """The frozen layers and the last so many blocks of a network, and all its blocks.

    ``run`` calls a network on two rows.

    Raises:
        EncoderError: it has fewer blocks, or none that can be told apart.
    """
    blocks = find_blocks(network, lambda: run(network))
    if not blocks:
        raise EncoderError(
            f"{name!r} has no blocks of which it can be told in what order they are computed: give "
            "0 trainable blocks (frozen) or all."
        )
    if not 0 < int(trainable_blocks) < len(blocks):
        raise EncoderError(
            f"{name!r} was asked for with {trainable_blocks} trainable blocks. It has "
            f"{len(blocks)}: give 0 (frozen) to {len(blocks) - 1}, or all."
        )
    frozen = FrozenLayers(copy.deepcopy(network), blocks, int(trainable_blocks))
    return frozen, RemainingLayers(network, blocks, int(trainable_blocks)), blocks


@contextmanager
def first_cut(name: str, trainable_blocks: TrainableBlocks) -> Iterator[None]:
    """Turn whatever the halves of a network raise, which as a whole has none, into words.

    Raises:
        EncoderError: they raised something.
    """
    try:
        yield
    except Exception as error:  # the code of any model, on what its blocks are given here
        if isinstance(error, EncoderError) or trainable_blocks in (0, "all"):
            raise
        raise EncoderError(
            f"{name!r} cannot be cut between its blocks: without some of them it ended in "
            f"{type(error).__name__}: {str(error).rstrip('.')}. Give 0 trainable blocks (frozen) "
            "or all."
        ) from error


def check_halves(whole: Tensor, halves: Tensor, name: str) -> None:
    """Make sure that both together compute what the whole network does.

    Raises:
        EncoderError: they do not.
    """
    if not _are_close(whole, halves):
        raise EncoderError(
            f"{name!r} cannot be cut between its blocks: the second part does not go on as the "
            "whole does. Give 0 trainable blocks (frozen) or all."
        )


def check_alone(among_others: Tensor, alone: Tensor, name: str) -> None:
    """Make sure that a value has the same tokens alone and in a batch, where it may be padded.

    Raises:
        EncoderError: it has not.
    """
    if not _are_close(among_others, alone):
        raise EncoderError(
            f"{name!r} cannot be used: what it makes of a value depends on the others of its batch."
        )


def _are_close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return torch.allclose(one, other, rtol=_CLOSE, atol=_CLOSE * max(1.0, float(one.abs().max())))


def freeze_unused(layers: nn.Module, tokens: Tokens) -> None:
    """Freeze the remaining weights that nothing depends on: of what comes before the cut."""
    with torch.enable_grad():
        layers(tokens).values.sum().backward()
    for weight in layers.parameters():
        weight.requires_grad_(weight.grad is not None)
        weight.grad = None


def blocks_of(network: nn.Module, names: Sequence[str] = ()) -> list[nn.Module]:
    """The blocks of these names, or of what remains; the network itself where there are none."""
    whole = network.network if isinstance(network, RemainingLayers) else network
    own = network.names if isinstance(network, RemainingLayers) else names
    return [whole.get_submodule(name) for name in own] or [whole]


def _candidates(network: nn.Module) -> Mapping[str, nn.Module]:
    """What may be a block, by name: innermost, but for the parts of a block."""
    modules = dict(network.named_modules())
    found = {n: m for n, m in modules.items() if n and _may_be_block(n, m, modules)}
    whole = [
        n
        for n, m in found.items()
        if isinstance(m, GradientCheckpointingLayer) and not _is_stage(m)
    ]
    inner = {n for n in whole if not any(other.startswith(f"{n}.") for other in whole)}
    listed = {n for n in found if not any(n.startswith(f"{block}.") for block in inner)}
    return {n: modules[n] for n in listed if not any(other.startswith(f"{n}.") for other in listed)}


def _may_be_block(name: str, module: nn.Module, modules: Mapping[str, nn.Module]) -> bool:
    if isinstance(module, GradientCheckpointingLayer):
        return True
    parent, _, number = name.rpartition(".")
    if not number.isdecimal() or isinstance(module, nn.ModuleList):
        return False
    lists = parent.rpartition(".")[2]
    owner = modules[parent]
    return bool(
        (isinstance(owner, nn.ModuleList) and _LISTS.fullmatch(lists))
        or (isinstance(owner, nn.Sequential) and _SEQUENCES.fullmatch(lists))
    )


def cut_settings(network: nn.Module, trainable_blocks: TrainableBlocks) -> tuple[str, ...]:
    """What tells a cut from that of earlier versions, to which a stage of blocks was a block."""
    cut = trainable_blocks not in (0, "all")
    return ("within stages",) if cut and any(map(_is_stage, _checkpointed(network))) else ()


def _checkpointed(network: nn.Module) -> Iterator[nn.Module]:
    return (m for m in network.modules() if isinstance(m, GradientCheckpointingLayer))


def _is_stage(module: nn.Module) -> bool:
    """Whether a module is a stage of blocks, as of Swin or Hiera, and so no block itself."""
    return any(
        isinstance(part, nn.ModuleList) and _SEQUENCES.fullmatch(name)
        for name, part in module.named_children()
    )


def _watch(name: str, given: tuple[Any, ...], named: dict[str, Any], made: Any) -> Block | None:
    taken = given[0] if given else named.get("hidden_states")
    values = made[0] if isinstance(made, tuple) else made
    if not isinstance(taken, Tensor) or not isinstance(values, Tensor):
        return None
    extras = len(made) - 1 if isinstance(made, tuple) else None
    return Block(name, tuple(taken.shape), tuple(values.shape), extras)


class _StandIn(nn.Module):
    """Takes the place of a block whose result is of no use: something of its shape.

    It has the settings of the block, which some networks look at.
    """

    def __init__(self, block: Block, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.__dict__.update(settings)
        self._made = None if block.given == block.made else block.made[1:]
        self._extras = block.extras

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Any:
        made = hidden_states
        if self._made is not None:
            made = hidden_states.new_zeros(len(hidden_states), *self._made)
        return made if self._extras is None else (made, *[None] * self._extras)


def _replace(network: nn.Module, block: Block) -> None:
    held = vars(network.get_submodule(block.name)).items()
    settings = {name: value for name, value in held if not name.startswith("_")}
    network.set_submodule(block.name, _StandIn(block, settings))


class _Held(local):
    """What reached a cut, or is to go on from it, for each thread apart."""

    values: Tensor | None = None

    def __reduce__(self) -> tuple[type["_Held"], tuple[()]]:
        return _Held, ()  # a copy holds nothing


def _renumber(rest: RemainingLayers, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Read what earlier versions wrote, who numbered the blocks of a rest from 1."""
    parents = [f"{prefix}network.{name.rpartition('.')[0]}." for name in rest.names]
    if not any(key.startswith(f"{parents[0]}1.") for key in state):
        return
    for number, name in reversed(list(enumerate(rest.names, start=1))):
        old, new = f"{parents[number - 1]}{number}.", f"{prefix}network.{name}."
        for key in [key for key in state if key.startswith(old)]:
            # Weights that are not saved, but kept, have their new names already.
            if new + key[len(old) :] not in state:
                state[new + key[len(old) :]] = state.pop(key)

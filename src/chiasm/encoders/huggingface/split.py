"""Split: a transformer into a frozen trunk and a trained rest."""

import re
from threading import local
from typing import Any

from torch import Tensor, nn

from chiasm.encoders.base import TrainableBlocks
from chiasm.errors import EncoderError

_BLOCKS = re.compile(r"(.*\.)?layers?")


class Trunk(nn.Module):
    """A network up to one of its blocks.

    What comes after its blocks still runs, to no use: it is a norm at most.
    """

    def __init__(self, network: nn.Module, trainable_blocks: int) -> None:
        super().__init__()
        self.network = network
        self._cut = _Cut()
        blocks = _find_blocks(network)
        del blocks[len(blocks) - trainable_blocks :]
        blocks.append(self._cut)

    def forward(self, **inputs: Tensor) -> Tensor:
        self._cut.put(None)
        self.network(**inputs)
        return self._cut.take()


class Rest(nn.Module):
    """A network from one of its blocks on.

    What comes before its blocks still runs, on inputs that need only have the right shape, and is
    replaced: it is an embedding, cheap beside a block.
    """

    def __init__(self, network: nn.Module, trainable_blocks: int) -> None:
        super().__init__()
        self.network = network
        self._cut = _Cut()
        blocks = _find_blocks(network)
        del blocks[: len(blocks) - trainable_blocks]
        blocks.insert(0, self._cut)

    def forward(self, values: Tensor, **inputs: Tensor) -> Tensor:
        self._cut.put(values)
        output: Tensor = self.network(**inputs).last_hidden_state
        self._cut.take()
        return output


def check_split(network: nn.Module, trainable_blocks: TrainableBlocks, name: str) -> None:
    """Make sure that a network has that many blocks to be trained.

    Raises:
        EncoderError: it has fewer, or none that can be told apart.
    """
    if trainable_blocks in (0, "all"):
        return
    blocks = len(_find_blocks(network))
    if not blocks:
        raise EncoderError(
            f"{name!r} has no list of blocks to be cut at: give 0 trainable blocks (frozen) or all."
        )
    if not 0 < int(trainable_blocks) < blocks:
        raise EncoderError(
            f"{name!r} was asked for with {trainable_blocks} trainable blocks. It has {blocks}: "
            f"give 0 (frozen) to {blocks - 1}, or all."
        )


def blocks_of(network: nn.Module) -> list[nn.Module]:
    """The blocks of a whole network or of its rest; the network itself where it has none."""
    found = [block for block in _find_blocks(network) if not isinstance(block, _Cut)]
    return found or [network]


class _Cut(nn.Module):
    """Where a network was cut: keeps what reaches it, or hands on what was put there before."""

    def __init__(self) -> None:
        super().__init__()
        self._held = _Held()

    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        if self._held.values is None:
            self._held.values = hidden_states
        return self._held.values

    def put(self, values: Tensor | None) -> None:
        self._held.values = values

    def take(self) -> Tensor:
        values, self._held.values = self._held.values, None
        if values is None:
            raise RuntimeError("The network did not pass the place where it was cut.")
        return values


class _Held(local):
    """What a cut holds, for each thread apart: several run a trunk at the same time."""

    values: Tensor | None = None

    def __reduce__(self) -> tuple[type["_Held"], tuple[()]]:
        return _Held, ()  # a copy holds nothing


def _find_blocks(network: nn.Module) -> nn.ModuleList:
    for name, module in network.named_modules():
        if isinstance(module, nn.ModuleList) and _BLOCKS.fullmatch(name):
            return module
    return nn.ModuleList()

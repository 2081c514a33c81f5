"""Encode: run an encoder over many values, each distinct one once."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from chiasm.data.media.facts import Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.compute.thread_pool import thread_pool
from chiasm.encoders.features.store import Features, FeatureStore, InMemory
from chiasm.encoders.tokens import Tokens
from chiasm.errors import UnreadableExample
from chiasm.utils.digests import digest_of
from chiasm.utils.terminal import Terminal

_BATCH = 16
_BEGUN_A_CORE = 2
_MEASURED_AT_ONCE = 1024
_HALF_MAX = torch.finfo(torch.float16).max
# Below this many values the work is over before a progress bar can be read.
_WORTH_A_BAR = 8 * _BATCH


@dataclass(frozen=True)
class Encoded:
    """What came of some values: the tokens of each, or why it could not be read, by its digest."""

    tokens: dict[bytes, Tensor]
    failed: dict[bytes, str]


# How many values are run through an encoder: in this process, or elsewhere.
Compute: TypeAlias = Callable[[Encoder, Mapping[bytes, Value]], Iterator[Encoded]]


def encode(
    encoder: Encoder,
    values: Sequence[Value | None],
    *,
    store: FeatureStore | None = None,
    compute: Compute | None = None,
) -> Features:
    """The frozen layers' tokens of every value, None being a missing one.

    Values that the store holds already are not encoded again, and those encoded now are put into
    it batch by batch. Without a store the tokens are kept in memory. A value that cannot be read
    counts as missing and is named in ``unreadable``. By default, the values are computed here.
    """
    store = InMemory() if store is None else store
    compute = compute or compute_here
    rows: dict[int, bytes] = {}
    distinct: dict[bytes, Value] = {}
    unreadable: dict[int, str] = {}
    for row, value in enumerate(values):
        if value is None:
            continue
        try:
            rows[row] = _digest(value)
        except UnreadableExample as error:
            unreadable[row] = error.reason
        else:
            distinct[rows[row]] = value
    missing = {key: value for key, value in distinct.items() if key not in store}
    failed: dict[bytes, str] = {}
    with _progress(encoder, len(missing)) as advance:
        for batch in compute(encoder, missing):
            store.update(batch.tokens)
            failed |= batch.failed
            advance(len(batch.tokens) + len(batch.failed))
    unreadable |= {row: failed[key] for row, key in rows.items() if key in failed}
    return Features(
        [None if row in unreadable else rows.get(row) for row in range(len(values))],
        store,
        dim=encoder.frozen_dim,
        encoded=len(missing) - len(failed),
        reused=len(distinct) - len(missing),
        unreadable=unreadable,
    )


def compute_here(encoder: Encoder, values: Mapping[bytes, Value]) -> Iterator[Encoded]:
    """Encode values, given by their digests, in batches: each core loads and computes its own.

    Cores that share a batch wait for each other in every layer of the encoder; with a batch each,
    they encode half as much again.
    """
    order = by_length(encoder, values)
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    with thread_pool() as (cores, count):
        begun: deque[Future[Encoded]] = deque()
        for keys in batches:
            begun.append(cores.submit(_compute, encoder, {key: values[key] for key in keys}))
            # Some more than there are cores, and not all: tokens are large.
            if len(begun) > _BEGUN_A_CORE * count:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _compute(encoder: Encoder, batch: Mapping[bytes, Value]) -> Encoded:
    loaded = {key: _load(encoder, key, value) for key, value in batch.items()}
    failed = {key: x.reason for key, x in loaded.items() if isinstance(x, UnreadableExample)}
    inputs = [x for key, x in loaded.items() if key not in failed]
    tokens = compact(encoder.encode_frozen(inputs)) if inputs else []
    keys = (key for key in loaded if key not in failed)
    return Encoded(dict(zip(keys, tokens, strict=True)), failed)


def _digest(value: Value) -> bytes:
    if isinstance(value, Path):
        try:
            return digest_of(value)
        except OSError as error:
            raise UnreadableExample("file cannot be read") from error
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.ndarray):
        value = value.tobytes()
    return hashlib.sha256(value).digest()


def _load(encoder: Encoder, key: bytes, value: Value) -> Any:
    """The loaded value, or why it cannot be. Any other error is a mistake of ours."""
    try:
        loaded = encoder.load(value)
        changed = isinstance(value, Path) and _digest(value) != key
    except UnreadableExample as error:
        return error
    return UnreadableExample("file changed while it was being read") if changed else loaded


def by_length(encoder: Encoder, values: Mapping[bytes, Value]) -> list[bytes]:
    """The keys, values of like length together, so that little is spent on padding.

    The longest come first: in the end no core waits long for another.
    """
    keys = list(values)
    lengths: list[int] = []
    for start in range(0, len(keys), _MEASURED_AT_ONCE):
        part = keys[start : start + _MEASURED_AT_ONCE]
        lengths += encoder.lengths([values[key] for key in part])
    found = dict(zip(keys, lengths, strict=True))
    return sorted(keys, key=found.__getitem__, reverse=True)


def compact(tokens: Tokens) -> list[Tensor]:
    """The real tokens of each row, floats in float16."""
    return [row[mask] for row, mask in zip(in_half(tokens.values), tokens.mask, strict=True)]


def in_half(values: Tensor) -> Tensor:
    """Floats in float16, whose range a stray activation may leave; whole numbers as they are."""
    return values.clamp(-_HALF_MAX, _HALF_MAX).half() if values.is_floating_point() else values


@contextmanager
def _progress(encoder: Encoder, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where a person is there to see it and the work is long."""
    console = Terminal(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or total < _WORTH_A_BAR,
    )
    with bar:
        task = bar.add_task(f"{encoder.modality}: {encoder.name}", total=total)
        yield lambda count: bar.advance(task, count)

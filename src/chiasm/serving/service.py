"""Service: from the values of a row to its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from chiasm.errors import UnreadableExample
from chiasm.inference.attribution import Attribution
from chiasm.inference.predictions import RowPrediction
from chiasm.serving.admission import RETRY_AFTER
from chiasm.serving.batcher import Batcher
from chiasm.serving.decode_worker import Loaded
from chiasm.serving.decoders import Decoders
from chiasm.serving.explanation import Shown, explain_row
from chiasm.serving.limits import Limits
from chiasm.serving.metrics import ServerMetrics
from chiasm.serving.parse_row import READABLE, Values
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.room import Room
from chiasm.serving.schemas import ExplainedPrediction, Prediction
from chiasm.serving.served_model import ServedModel
from chiasm.serving.sizes import refuse_large_image
from chiasm.utils.cores import count_serving_cores

# Of these a decoded copy or two is a good part of the memory: one at a time, and no audio with it.
_LARGE_PIXELS = 6_000_000
_THREADS = 2
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Row:
    """A row as the model takes it, and what of it an explanation shows."""

    inputs: dict[str, Any]
    shown: Shown


@dataclass(frozen=True)
class _Encoded:
    """A file to be decoded, and how many pixels it then has."""

    content: bytes
    pixels: int


@dataclass
class _Parsed:
    """A row of which images and audio are still to be decoded."""

    inputs: dict[str, Any] = field(default_factory=dict)
    encoded: dict[str, _Encoded] = field(default_factory=dict)
    text: str | None = None


class Service:
    """Parses rows in a few threads, decodes in processes, and runs the model on batches of rows.

    Explanations, and rows with audio, take up to seconds: they have threads of their own, beside
    which the other predictions go on.
    """

    def __init__(
        self,
        model: ServedModel,
        *,
        limits: Limits,
        metrics: ServerMetrics,
        max_batch: int,
        max_wait: float,
    ) -> None:
        unreadable = [m for m in model.modalities if m not in READABLE]
        if unreadable:
            raise HTTPProblem(
                422,
                f"This model reads {', '.join(unreadable)}, which cannot be sent to a server: it "
                f"takes {', '.join(READABLE)}. Use chiasm predict.",
            )
        self.model = model
        self._limits = limits
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="parse")
        self._decoders = Decoders(limits)
        # The model hears one audio on each core at a time.
        self._room = Room(count_serving_cores())
        self._predictions = Batcher(
            self._predict_rows,
            max_batch=max_batch,
            max_wait=max_wait,
            observe=metrics.observe_batch,
        )
        self._audio = Batcher(
            self._predict_rows, max_batch=max_batch, max_wait=0.0, observe=metrics.observe_batch
        )
        self._explanations = Batcher(
            self._explain_rows, max_batch=1, max_wait=0.0, observe=metrics.observe_batch
        )

    @property
    def ready(self) -> bool:
        """Whether rows are answered."""
        return all(batcher.alive for batcher in self._batchers)

    @property
    def _batchers(self) -> tuple[Batcher, ...]:
        return self._predictions, self._audio, self._explanations

    async def predict(self, read: Callable[[], Values]) -> Prediction:
        """The prediction for the row that ``read`` gives.

        Raises:
            HTTPProblem: 422 the row cannot be used, 503 there was no answer in time; what ``read``
                raises.
        """
        return await self._in_time(self._predict(read))

    async def explain(
        self, read: Callable[[], Values], *, label: str | None
    ) -> ExplainedPrediction:
        """The prediction for a row and what it, or the probability of ``label``, rests on.

        Raises:
            HTTPProblem: as ``predict``; 422 also for an unknown label.
        """
        if label is not None and label not in self.model.classes:
            raise HTTPProblem(422, f"label: one of {', '.join(self.model.classes)}.")
        return await self._in_time(self._explain(read, label))

    def close(self) -> None:
        """Answer what was accepted, then stop."""
        self._decoders.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for batcher in self._batchers:
            batcher.close()

    async def _predict(self, read: Callable[[], Values]) -> Prediction:
        row = await self._load(read, shown=False)
        heard = self._hears(row)
        batcher = self._audio if heard else self._predictions
        give_back = await self._room.take(heard)
        predicted = await batcher.submit(row.inputs, then=give_back)
        self._count(predicted)
        return Prediction(
            label=predicted.label,
            probabilities=predicted.probabilities,
            missing=list(predicted.missing),
            notes=list(predicted.notes),
        )

    async def _explain(self, read: Callable[[], Values], label: str | None) -> ExplainedPrediction:
        row = await self._load(read, shown=True)
        give_back = await self._room.take(self._hears(row))
        predicted, scores = await self._explanations.submit((row.inputs, label), then=give_back)
        self._count(predicted)
        return await self._in_thread(
            partial(
                explain_row,
                row.shown,
                predicted,
                {self.model.kinds[modality]: one for modality, one in scores.items()},
                explained=label or predicted.label,
            )
        )

    def _predict_rows(self, rows: Sequence[dict[str, Any]]) -> list[RowPrediction]:
        return self.model.predict(rows, contributions=False)

    def _explain_rows(
        self, rows: Sequence[tuple[dict[str, Any], str | None]]
    ) -> list[tuple[RowPrediction, dict[str, Attribution]]]:
        predicted = self.model.predict([inputs for inputs, _ in rows])
        return [
            (one, self.model.occlude(inputs, label=label))
            for one, (inputs, label) in zip(predicted, rows, strict=True)
        ]

    async def _in_thread(self, work: Callable[..., _Result], *given: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    async def _in_time(self, answer: Awaitable[_Result]) -> _Result:
        try:
            return await asyncio.wait_for(answer, self._limits.answer_seconds)
        except asyncio.TimeoutError as error:
            raise HTTPProblem(
                503,
                f"No answer within {self._limits.answer_seconds:g} seconds: the server is busy. "
                "Ask again.",
                headers=RETRY_AFTER,
            ) from error

    async def _load(self, read: Callable[[], Values], *, shown: bool) -> _Row:
        parsed = await self._in_thread(self._parse, read)
        inputs, image = dict(parsed.inputs), None
        for modality, encoded in parsed.encoded.items():
            with _refused(modality):
                decoded = await self._decode(modality, encoded, shown=shown)
            inputs[modality] = decoded.inputs
            image = decoded.image or image
        return _Row(inputs, Shown(parsed.text, image))

    def _parse(self, read: Callable[[], Values]) -> _Parsed:
        """A row but for what has to be decoded: in one go, since each thread waits for its turn."""
        values = read()
        readable = self.model.modalities
        if not values:
            raise HTTPProblem(
                422, f"The row is empty. Give at least one of: {', '.join(readable)}."
            )
        for modality in values:
            if modality not in readable:
                raise HTTPProblem(
                    422, f"{modality}: this model reads {' and '.join(readable)} only."
                )
        parsed = _Parsed()
        for modality, value in values.items():
            with _refused(modality):
                if isinstance(value, str):
                    parsed.inputs[modality] = self.model.loader(modality)(value)
                    parsed.text = value
                else:
                    is_image = self.model.kinds[modality] == "image"
                    pixels = refuse_large_image(value, self._limits) if is_image else 0
                    parsed.encoded[modality] = _Encoded(value, pixels)
        return parsed

    async def _decode(self, modality: str, encoded: _Encoded, *, shown: bool) -> Loaded:
        load, kind = self.model.loader(modality), self.model.kinds[modality]
        async with self._room.lend(self._room.units if encoded.pixels > _LARGE_PIXELS else 0):
            return await self._decoders.load(load, kind, encoded.content, shown=shown)

    def _hears(self, row: _Row) -> int:
        return int(any(self.model.kinds[modality] == "audio" for modality in row.inputs))

    def _count(self, predicted: RowPrediction) -> None:
        self._metrics.predictions.labels(predicted.label).inc()
        for modality in predicted.missing:
            self._metrics.missing.labels(modality).inc()


@contextmanager
def _refused(modality: str) -> Iterator[None]:
    try:
        yield
    except UnreadableExample as error:
        raise HTTPProblem(422, f"{modality}: {error.reason}.") from error

"""Service: from the values of a row to its answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from chiasm.errors import UnreadableExample
from chiasm.explain.attribution.attribution import Attribution
from chiasm.runtime.row_prediction import RowPrediction
from chiasm.serving.admission import RETRY_AFTER
from chiasm.serving.batcher import Batcher
from chiasm.serving.explanation import explain_row
from chiasm.serving.limits import Limits
from chiasm.serving.metrics import Metrics
from chiasm.serving.parse_row import Values
from chiasm.serving.problem import Problem
from chiasm.serving.schemas import Explanation, Prediction
from chiasm.serving.served_model import ServedModel
from chiasm.serving.sizes import refuse_large_picture, refuse_long_sound, refuse_long_text

# Of these a decoded copy or two is a good part of the memory: one at a time.
_LARGE_PIXELS = 6_000_000
_READABLE = ("text", "image", "audio")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Loaded:
    """A row as the model takes it, and what it was made of."""

    inputs: dict[str, Any]
    values: Values


class Service:
    """Parses and decodes rows in a few threads, and runs the model on batches of them in another.

    Args:
        decoders: threads that decode.
    """

    def __init__(
        self,
        model: ServedModel,
        *,
        limits: Limits,
        metrics: Metrics,
        max_batch: int,
        max_wait: float,
        decoders: int = 2,
    ) -> None:
        unreadable = [m for m in model.modalities if m not in _READABLE]
        if unreadable:
            raise Problem(
                422,
                f"This model reads {', '.join(unreadable)}, which cannot be sent to a server: it "
                f"takes {', '.join(_READABLE)}. Use chiasm predict.",
            )
        self.model = model
        self._limits = limits
        self._metrics = metrics
        self._decoders = ThreadPoolExecutor(decoders, thread_name_prefix="decode")
        self._large = threading.Lock()
        self._batcher = Batcher(
            {"predict": self._predict_rows, "explain": self._explain_rows},
            max_batch=max_batch,
            max_wait=max_wait,
            observe=metrics.observe_batch,
        )

    @property
    def ready(self) -> bool:
        """Whether rows are answered."""
        return self._batcher.alive

    async def predict(self, read: Callable[[], Values]) -> Prediction:
        """The prediction for the row that ``read`` gives.

        Raises:
            Problem: 422 the row cannot be used, 503 there was no answer in time; what ``read``
                raises.
        """
        return await self._in_time(self._predict(read))

    async def explain(self, read: Callable[[], Values], *, label: str | None) -> Explanation:
        """The prediction for a row and what it, or the probability of ``label``, rests on.

        Raises:
            Problem: as ``predict``; 422 also for an unknown label.
        """
        if label is not None and label not in self.model.classes:
            raise Problem(422, f"label: one of {', '.join(self.model.classes)}.")
        return await self._in_time(self._explain(read, label))

    def close(self) -> None:
        """Answer what was accepted, then stop."""
        self._decoders.shutdown()
        self._batcher.close()

    async def _predict(self, read: Callable[[], Values]) -> Prediction:
        row = await self._decode(self._load, read)
        predicted = await self._batcher.submit("predict", row.inputs)
        self._count(predicted)
        return Prediction(
            label=predicted.label,
            probabilities=predicted.probabilities,
            missing=list(predicted.missing),
            notes=list(predicted.notes),
        )

    async def _explain(self, read: Callable[[], Values], label: str | None) -> Explanation:
        row = await self._decode(self._load, read)
        predicted, scores = await self._batcher.submit("explain", (row.inputs, label))
        self._count(predicted)
        return await self._decode(
            partial(explain_row, row.values, predicted, scores, explained=label or predicted.label)
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

    async def _decode(self, work: Callable[..., _Result], *given: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._decoders, work, *given)

    async def _in_time(self, answer: Awaitable[_Result]) -> _Result:
        try:
            return await asyncio.wait_for(answer, self._limits.answer_seconds)
        except asyncio.TimeoutError as error:
            raise Problem(
                503,
                f"No answer within {self._limits.answer_seconds:g} seconds: the server is busy. "
                "Ask again.",
                headers=RETRY_AFTER,
            ) from error

    def _load(self, read: Callable[[], Values]) -> _Loaded:
        values = read()
        readable = self.model.modalities
        if not values:
            raise Problem(422, f"The row is empty. Give at least one of: {', '.join(readable)}.")
        for modality in values:
            if modality not in readable:
                raise Problem(422, f"{modality}: this model reads {' and '.join(readable)} only.")
        return _Loaded({m: self._load_value(m, value) for m, value in values.items()}, values)

    def _load_value(self, modality: str, value: str | bytes) -> Any:
        with self._bounded(modality, value):
            try:
                return self.model.load(modality, value)
            except UnreadableExample as error:
                raise Problem(422, f"{modality}: {error.reason}.") from error

    def _bounded(self, modality: str, value: str | bytes) -> AbstractContextManager[Any]:
        """Refuse what is too large; what is only large waits for its turn to be decoded."""
        if isinstance(value, str):
            refuse_long_text(value, self._limits)
        elif modality == "audio":
            refuse_long_sound(value, self._limits)
        elif refuse_large_picture(value, self._limits) > _LARGE_PIXELS:
            return self._large
        return nullcontext()

    def _count(self, predicted: RowPrediction) -> None:
        self._metrics.predictions.labels(predicted.label).inc()
        for modality in predicted.missing:
            self._metrics.missing.labels(modality).inc()

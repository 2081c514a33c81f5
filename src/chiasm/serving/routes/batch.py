"""POST /v1/batch: a file of rows."""

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chiasm.serving.admission import Admission
from chiasm.serving.answer_lines import answer_lines
from chiasm.serving.client import client_of_request
from chiasm.serving.limits import Limits
from chiasm.serving.model_failure import ModelFailure
from chiasm.serving.openapi import problems, schema_of
from chiasm.serving.parse_row import ReceivedLine, Values, large_alone, parse_json, row_values
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.read_body import refuse_encoded
from chiasm.serving.read_lines import Line, read_lines
from chiasm.serving.schemas import BatchAnswer, BatchRow
from chiasm.serving.service import Service

_logger = logging.getLogger(__name__)
_MEDIA_TYPES = ("application/jsonl", "application/x-ndjson")


class _Stream(StreamingResponse):
    """Streams without listening for the end of the connection: that would eat the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.stream_response(send)


def batch_route(service: Service, admission: Admission, limits: Limits) -> APIRouter:
    """The route as a router of its own."""
    router = APIRouter()

    @router.post(
        "/v1/batch",
        summary="Predict many rows",
        response_class=_Stream,
        responses={200: _answers(), **problems(415)},
        openapi_extra={"requestBody": _rows()},
    )
    async def batch(request: Request) -> StreamingResponse:
        """One JSON object a line in, one a line out, in the same order.

        Answers come while rows still arrive. A bad line gets a problem in place of a prediction;
        blank lines get nothing.
        """
        refuse_encoded(request)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            raise HTTPProblem(415, f"Send JSON lines, as {' or '.join(_MEDIA_TYPES)}.")
        client = client_of_request(request.scope)
        return _Stream(_answers_to(request, client), media_type=_MEDIA_TYPES[0])

    async def _answers_to(request: Request, client: str) -> AsyncGenerator[bytes, None]:
        # Who has left is told nothing, and the last line was not whole.
        with suppress(ClientDisconnect), admission.hold(client) as held:
            lines = read_lines(request.stream(), limits, held)
            answers = answer_lines(
                lines,
                partial(_answer, service, limits),
                admission=admission,
                client=client,
                arriving=held,
                gone=request.is_disconnected,
            )
            async with aclosing(answers):
                async for answer in answers:
                    yield answer

    return router


async def _answer(service: Service, limits: Limits, number: int, line: Line) -> bytes:
    """A line of the answer: the prediction, or the problem in its place."""
    name = None

    def read() -> Values:
        nonlocal name
        if isinstance(line, HTTPProblem):
            raise line
        try:
            with large_alone(line):
                row = parse_json(line, ReceivedLine, limits)
                name = row.name()
                return row_values(row, limits)
        except HTTPProblem as problem:
            raise problem.bare() from None

    try:
        predicted = await service.predict(read)
    except HTTPProblem as problem:
        return _line(number, name, error=problem.body())
    except ModelFailure as failure:
        _logger.error("line failed", exc_info=failure)
        fault = HTTPProblem(500, "The server failed on this line; its log says where.")
        return _line(number, name, error=fault.body())
    return _line(number, name, **predicted.model_dump())


def _line(number: int, name: str | None, **answer: Any) -> bytes:
    filled = BatchAnswer.model_validate({"line": number, "id": name, **answer})
    return filled.model_dump_json(exclude_none=True).encode() + b"\n"


def _rows() -> dict[str, object]:
    example = '{"id": "a", "text": "Arrived broken."}\n{"id": "b", "text": "Very sturdy."}\n'
    media = {"schema": {"type": "string"}, "example": example}
    return {
        "required": True,
        "description": f"Lines of {json.dumps(schema_of(BatchRow)['properties'])}",
        "content": dict.fromkeys(_MEDIA_TYPES, media),
    }


def _answers() -> dict[str, object]:
    example = (
        '{"line":1,"id":"a","label":"negative","probabilities":{"negative":0.9,"positive":0.1},'
        '"missing":["image"],"notes":[]}\n'
        '{"line":2,"error":{"status":422,"detail":"The row is empty."}}\n'
    )
    return {
        "description": "An answer a line",
        "content": {_MEDIA_TYPES[0]: {"schema": {"type": "string"}, "example": example}},
    }

"""What the OpenAPI document says that FastAPI cannot know."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from chiasm.serving.schemas import ProblemBody, Row

TEXT = "A sturdy mug, and the blue is even nicer than in the photo."
# An image of one grey pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

_WHY = {
    400: "The body is not well-formed.",
    401: "The API key is missing or wrong, where the server asks for one.",
    403: "A page of another origin asked.",
    406: "There is no overlay without an image.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is of another content type, or compressed.",
    421: "The Host header names another server.",
    422: "The row cannot be used: nothing in it, a value that cannot be read, or one too large.",
    429: "The server is full, or this client asks too often: ask again after Retry-After seconds.",
    503: "There was no answer in time: ask again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers that are no answer, each a problem as RFC 9457 writes it."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {
            "description": _WHY[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in (401, 403, 421, 429, *statuses)
    }


def describe(app: FastAPI, *, has_key: bool) -> None:
    """Serve /openapi.json, with what problems look like and how the key is sent."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})[ProblemBody.__name__] = schema_of(ProblemBody)
    if has_key:
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}]
    content = json.dumps(document).encode()

    async def send(request: Request) -> Response:
        return Response(content, media_type="application/json")

    app.add_api_route("/openapi.json", send, include_in_schema=False)


def row_body() -> dict[str, Any]:
    """The body of a request about one row: JSON or a form."""
    files = ("image", "audio")
    form = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "text": {"type": "string"},
            **{name: {"type": "string", "format": "binary"} for name in files},
        },
    }
    examples = {
        "text": {"summary": "A text", "value": {"text": TEXT}},
        "both": {"summary": "A text and an image", "value": {"text": TEXT, "image": PIXEL}},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema_of(Row), "examples": examples},
                "multipart/form-data": {"schema": form},
            },
        }
    }


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a form, as part of a larger document."""
    return form.model_json_schema(ref_template="#/components/schemas/{model}")

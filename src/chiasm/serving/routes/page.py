"""GET /: the page, from files of this package."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".wav": "audio/wav",
}


def page_routes() -> APIRouter:
    """A route for each file, read once: no path of a request ever reaches the disk."""
    router = APIRouter(include_in_schema=False)
    for file in files("chiasm.serving.page").iterdir():
        media_type = _MEDIA_TYPES.get("." + file.name.rpartition(".")[2])
        if media_type:
            path = "/" if file.name == "index.html" else f"/page/{file.name}"
            router.add_api_route(
                path, _sender(file.read_bytes(), media_type), methods=["GET", "HEAD"]
            )
    return router


def _sender(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def send(request: Request) -> Response:
        # Asked for again each time, so that a new version is seen at once.
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return send

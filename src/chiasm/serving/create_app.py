"""create_app: the server as an ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from chiasm import __version__
from chiasm.serving.admission import Admission
from chiasm.serving.metrics import ServerMetrics
from chiasm.serving.middleware.allowed_hosts import AllowedHosts
from chiasm.serving.middleware.api_key import ApiKey
from chiasm.serving.middleware.rate_limit import RateLimit
from chiasm.serving.middleware.record import Record
from chiasm.serving.middleware.same_origin import SameOrigin
from chiasm.serving.middleware.security_headers import HEADERS, SecurityHeaders
from chiasm.serving.openapi import describe
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.routes.batch import batch_route
from chiasm.serving.routes.explain import explain_route
from chiasm.serving.routes.page import page_routes
from chiasm.serving.routes.predict import predict_route
from chiasm.serving.routes.status import status_routes
from chiasm.serving.served_model import ServedModel
from chiasm.serving.service import Service
from chiasm.serving.settings import ServerSettings

_logger = logging.getLogger("chiasm.serving")


def create_app(model: ServedModel, settings: ServerSettings) -> FastAPI:
    """Endpoints, page and guards around a model.

    Raises:
        ChiasmError: the model reads something that cannot be sent.
    """
    limits = settings.limits
    metrics = ServerMetrics()
    admission = Admission(limits)
    metrics.waiting.set_function(lambda: admission.rows)
    metrics.held.set_function(lambda: admission.bytes)
    service = Service(
        model,
        limits=limits,
        metrics=metrics,
        max_batch=settings.max_batch,
        max_wait=settings.max_wait,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        # In a thread, while those that are cut off are told.
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="chiasm",
        summary=f"{model.name}: {', '.join(model.classes)}",
        version=__version__,
        lifespan=lifespan,
        # Written once by describe(); FastAPI's pages for it would load scripts from elsewhere.
        openapi_url=None,
        # Redirects would repeat the Host header of the request.
        redirect_slashes=False,
    )
    for router in (
        predict_route(service, admission, limits),
        explain_route(service, admission, limits),
        batch_route(service, admission, limits),
        status_routes(service, admission, metrics, limits),
        page_routes(),
    ):
        app.include_router(router)
    describe(app, has_key=bool(settings.keys))
    _add_middleware(app, settings, metrics)
    _add_handlers(app)
    return app


def _add_middleware(app: FastAPI, settings: ServerSettings, metrics: ServerMetrics) -> None:
    """Guards; the one that is added last is passed first."""
    if settings.keys:
        app.add_middleware(ApiKey, keys=settings.keys)
    if settings.per_minute:
        app.add_middleware(RateLimit, per_minute=settings.per_minute)
    app.add_middleware(SameOrigin, origins=settings.origins)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    if settings.allowed_hosts:
        app.add_middleware(AllowedHosts, hosts=settings.allowed_hosts)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Record, metrics=metrics)


def _add_handlers(app: FastAPI) -> None:
    """Whatever goes wrong is answered as a problem."""

    @app.exception_handler(HTTPProblem)
    async def tell(request: Request, problem: HTTPProblem) -> Response:
        return problem.response()

    @app.exception_handler(HTTPException)
    async def tell_http(request: Request, error: HTTPException) -> Response:
        detail = {
            404: "There is nothing here. The page is /, the API is described in /openapi.json.",
            405: "This method is not for this path; /openapi.json tells which are.",
        }.get(error.status_code, str(error.detail))
        return HTTPProblem(error.status_code, detail, headers=error.headers).response()

    @app.exception_handler(RequestValidationError)
    async def tell_invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return HTTPProblem(422, f"{first['loc'][-1]}: {first['msg']}.").response()

    @app.exception_handler(ClientDisconnect)
    async def forget(request: Request, error: ClientDisconnect) -> Response:
        return HTTPProblem(400, "The client left before its request was whole.").response()

    @app.exception_handler(Exception)
    async def confess(request: Request, error: Exception) -> Response:
        # The reason goes into the log, without what was sent.
        problem = HTTPProblem(
            500,
            "The server failed on this request; its log says where, under this id: "
            f"{request.scope.get('request_id')}.",
            headers=HEADERS,
        )
        return problem.response()

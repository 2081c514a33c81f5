"""GET /v1/model, /healthz, /readyz and /metrics: what is served, and how it fares."""

from dataclasses import asdict

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from chiasm import __version__
from chiasm.serving.admission import Admission
from chiasm.serving.limits import Limits
from chiasm.serving.metrics import ServerMetrics
from chiasm.serving.openapi import problems
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.schemas import ModelInfo
from chiasm.serving.service import Service


def status_routes(
    service: Service, admission: Admission, metrics: ServerMetrics, limits: Limits
) -> APIRouter:
    """The routes that take nothing."""
    router = APIRouter()

    @router.get("/v1/model", summary="What is served", responses=problems())
    async def model() -> ModelInfo:
        """The model's classes and modalities, and what a request may ask for."""
        return ModelInfo(
            name=service.model.name,
            version=__version__,
            classes=list(service.model.classes),
            modalities=list(service.model.modalities),
            limits=asdict(limits),
        )

    @router.get("/healthz", summary="Whether the process lives", response_class=PlainTextResponse)
    async def healthz() -> str:
        """200 as long as the process answers."""
        return "ok"

    @router.get(
        "/readyz",
        summary="Whether rows are answered",
        response_class=PlainTextResponse,
        responses=problems(503),
    )
    async def readyz() -> str:
        """503 while there is no room, or once the model is no longer run: send no requests."""
        if not service.ready:
            raise HTTPProblem(503, "The model is not run any more. Ask another server.")
        if not admission.is_open:
            raise HTTPProblem(503, "The server holds all that it can. Ask another one, or later.")
        return "ok"

    @router.get(
        "/metrics",
        summary="Counts and times for Prometheus",
        response_class=PlainTextResponse,
        responses=problems(),
    )
    async def read_metrics() -> Response:
        """Requests, predictions, batches, and what the process takes."""
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return router

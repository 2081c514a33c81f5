"""POST /v1/explain: the label of one row, and what it rests on."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from chiasm.serving.admission import Admission
from chiasm.serving.limits import Limits
from chiasm.serving.openapi import problems, row_body
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.receive_row import receive_row
from chiasm.serving.schemas import ExplainedPrediction
from chiasm.serving.service import Service

_PNG = "image/png"


def explain_route(service: Service, admission: Admission, limits: Limits) -> APIRouter:
    """The route as a router of its own."""
    router = APIRouter()

    @router.post(
        "/v1/explain",
        summary="Explain the prediction of one row",
        response_model=ExplainedPrediction,
        responses={
            200: {"content": {_PNG: {"schema": {"type": "string", "format": "binary"}}}},
            **problems(400, 406, 408, 413, 415, 422, 503),
        },
        openapi_extra=row_body(),
    )
    async def explain(
        request: Request,
        label: Annotated[
            str | None, Query(description="The class to explain; by default the predicted one.")
        ] = None,
    ) -> ExplainedPrediction | Response:
        """Contributions of the modalities, scores of words, and an overlay of the image.

        `Accept: image/png` asks for the overlay alone.
        """
        async with receive_row(request, admission=admission, limits=limits) as read:
            explanation = await service.explain(read, label=label)
        if not _wants_png(request):
            return explanation
        if explanation.image is None:
            raise HTTPProblem(
                406, "There is no overlay without an image. Ask with Accept: application/json."
            )
        return Response(base64.b64decode(explanation.image.overlay_png), media_type=_PNG)

    return router


def _wants_png(request: Request) -> bool:
    return request.headers.get("accept", "").partition(";")[0].strip().lower() == _PNG

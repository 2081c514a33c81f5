"""POST /v1/predict: the label of one row."""

from fastapi import APIRouter, Request

from chiasm.serving.admission import Admission
from chiasm.serving.limits import Limits
from chiasm.serving.openapi import problems, row_body
from chiasm.serving.receive_row import receive_row
from chiasm.serving.schemas import Prediction
from chiasm.serving.service import Service


def predict_route(service: Service, admission: Admission, limits: Limits) -> APIRouter:
    """The route as a router of its own."""
    router = APIRouter()

    @router.post(
        "/v1/predict",
        summary="Predict one row",
        responses=problems(400, 408, 413, 415, 422, 503),
        openapi_extra=row_body(),
    )
    async def predict(request: Request) -> Prediction:
        """Its label, and the probability of each class."""
        async with receive_row(request, admission=admission, limits=limits) as read:
            return await service.predict(read)

    return router

"""The datasets that ship with the service."""

from fastapi import APIRouter
from fastapi.responses import Response

from service.api.openapi_responses import problems
from service.api.responses import json_response
from service.datasets import samples
from service.schemas.responses import Samples

router = APIRouter(tags=["datasets"])


@router.get(
    "/samples", response_model=Samples, summary="List the datasets that ship with the service", responses=problems()
)
def list_samples() -> Response:
    """Each can be given as `{"dataset": {"sample": name}}`. NIST's come with the values of a perfect fit."""
    data = []
    for sample in samples.SAMPLES.values():
        described = samples.load(sample.name).described
        data.append(sample._asdict() | {"rows": described.rows, "features": described.features})
    return json_response({"data": data})

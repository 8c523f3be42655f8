"""The functions that ship with the service."""

from fastapi.responses import Response

from service.api import described_route
from service.api.openapi_responses import problems
from service.api.responses import json_response
from service.core.languages import asked_language
from service.jobs import functions
from service.schemas.responses.functions import Functions

router = described_route.router("fit")


@router.get(
    "/functions",
    response_model=Functions,
    summary="List the functions that ship with the service",
    responses=problems(),
)
def list_functions() -> Response:
    """Functions E(θ) without data, with all their minima inside a window. A request names one by
    `{"function": {"name": name}}`, or gives another by `{"function": {"formula": formula}}`.
    """
    answer: Functions = {"data": functions.listed(asked_language())}
    return json_response(answer)

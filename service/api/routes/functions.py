"""The functions that ship with the service."""

from fastapi.responses import Response

from service.api import described_route
from service.api.etags import IfNoneMatch, tagged
from service.api.openapi_responses import cacheable, problems
from service.core.languages import asked_language
from service.jobs import functions
from service.schemas.responses.functions import Functions

router = described_route.router("fit")


@router.get(
    "/functions",
    response_model=Functions,
    summary="List the functions that ship with the service",
    responses={**cacheable("The functions."), **problems()},
)
def list_functions(if_none_match: IfNoneMatch = None) -> Response:
    """Functions E(θ) without data, with all their minima inside a window. A request names one by
    `{"function": {"name": name}}`, or gives another by `{"function": {"formula": formula}}`.
    """
    answer: Functions = {"data": functions.listed(asked_language())}
    return tagged(answer, if_none_match)

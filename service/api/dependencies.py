"""Dependencies of the routes: database, settings, authentication, checks of parameters."""

from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from inspect import signature
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute

from service.api.app_state import state_of
from service.api.authentication import user_of
from service.api.responses import parameter_errors, query_error
from service.core.caller import Caller
from service.core.exceptions import ErrorEntry, InvalidError, parameter_error
from service.core.root_path import rooted
from service.core.settings import Settings
from service.schemas.strict_model import MOST_CHARACTERS, MOST_ERRORS
from service.storage.database import Database


# Coroutines: FastAPI runs plain functions on a thread, and the change of threads takes longer than many queries.
async def _database(request: Request) -> Database:
    return state_of(request).database


async def _settings(request: Request) -> Settings:
    return state_of(request).settings


async def authenticate(request: Request) -> Caller:
    """The caller of a request with a valid API key, where keys are required, and with known parameters.

    One dependency does both, since a dependency costs more than its work. It sets `request.state.user`, the user whose
    share of the limits the request takes, and `request.state.is_admitted` for answers that take long.
    """
    authenticator = state_of(request).authenticator
    caller: Caller = await authenticator.caller(request)
    request.state.user = user_of(request, caller)
    request.state.is_admitted = partial(authenticator.is_admitted, caller)
    await only_known_parameters(request)
    return caller


Store = Annotated[Database, Depends(_database)]
Config = Annotated[Settings, Depends(_settings)]
Asks = Annotated[Caller, Depends(authenticate)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="A repeated request with the same key and body returns the same run or sweep.",
    ),
]
LATEST = "latest"
NOT_LATEST = {"not": {"const": LATEST}}
"""JSON schema of an id that a changing request takes."""


async def only_known_parameters(request: Request) -> None:
    """Raises InvalidError for a query parameter that is unknown, or given twice, and names the invalid ones, too."""
    if not request.query_params:
        return
    known = _query_parameters(request.scope["route"].path, request.scope["endpoint"])
    hint = f"The parameters are {', '.join(known)}." if known else "The operation has no query parameters."
    given = Counter(name for name, _ in request.query_params.multi_items())
    entries = [
        parameter_error(name[:MOST_CHARACTERS], "Unknown parameter.", hint) for name in given if name not in known
    ]
    entries += [
        parameter_error(name, "The parameter is given more than once.", "Give it once.")
        for name, count in given.items()
        if count > 1 and name in known and not known[name]
    ]
    if entries:
        raise InvalidError([*entries[:MOST_ERRORS], *await _invalid_parameters(request)])


async def _invalid_parameters(request: Request) -> list[ErrorEntry]:
    """The entries for the invalid parameters of an authenticated request.

    FastAPI validates them after this dependency, so a route with the same parameters validates them and does nothing.
    """

    async def do_nothing(**_: object) -> Response:
        return Response()

    taken = signature(request.scope["endpoint"])
    others = [each for each in taken.parameters.values() if each.annotation != Asks]
    do_nothing.__signature__ = taken.replace(parameters=others)  # type: ignore[attr-defined]
    route = APIRoute(request.scope["route"].path, do_nothing, response_model=None)
    try:
        await route.get_route_handler()(request)
    except RequestValidationError as error:
        return parameter_errors(error.errors())
    return []


@cache
def _query_parameters(path: str, endpoint: Callable[..., Any]) -> dict[str, bool]:
    """The names of the query parameters of an operation, by its description, and whether each takes several values."""
    described = get_openapi(title="-", version="-", routes=[APIRoute(path, endpoint, response_model=None)])
    parameters = described["paths"][path]["get"].get("parameters", ())
    schemas = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    return {
        name: any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))
        for name, schema in schemas.items()
    }


def refuse_latest(given: str, parameter: str, path: str) -> None:
    """Raises InvalidError for `latest` in a changing request; `path` is the path with the id."""
    if given == LATEST:
        message = "`latest` is for reading only: it may change before the request arrives."
        raise query_error(parameter, message, f"Use {rooted(path)}, the latest at this moment.")

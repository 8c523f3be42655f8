"""What the routes share: their dependencies, reading a body, ETags, pages."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from service.api.authentication import user_of
from service.api.responses import query_error
from service.auth.api_keys import Caller
from service.core.exceptions import InvalidError, parameter_error
from service.core.settings import Settings
from service.schemas.strict_model import MOST_CHARACTERS, MOST_ERRORS
from service.storage.database import Database


# Not plain functions: FastAPI would send each of these to a thread and back, which takes longer than many a query.
async def _database(request: Request) -> Database:
    return request.app.state.database  # type: ignore[no-any-return]


async def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


async def authenticate(request: Request) -> Caller:
    """Who is asking, for a request that may be made: with a key, where keys are asked for, and with known parameters.

    One dependency for both, since each costs more than what it does. A route asks for more with
    `authenticator.demand`. The request's state has the `user` whose share of every limit it takes.
    """
    caller: Caller = await request.app.state.authenticator.caller(request)
    request.state.user = user_of(request, caller)
    await only_known_parameters(request)
    return caller


Store = Annotated[Database, Depends(_database)]
Config = Annotated[Settings, Depends(_settings)]
Asks = Annotated[Caller, Depends(authenticate)]
LATEST = "latest"
NOT_LATEST = {"not": {"const": LATEST}}
"""For the schema of an id in a request that changes what it names."""


async def only_known_parameters(request: Request) -> None:
    """Raises InvalidError for a query parameter that the operation does not have."""
    if not request.query_params:
        return
    known = _query_parameters(request.scope["route"].path, request.scope["endpoint"])
    hint = f"There are {', '.join(known)}." if known else "There are none here."
    if unknown := [name for name in request.query_params if name not in known]:
        names = (name[:MOST_CHARACTERS] for name in unknown[:MOST_ERRORS])
        raise InvalidError([parameter_error(name, "There is no such parameter.", hint) for name in names])


@cache
def _query_parameters(path: str, endpoint: Callable[..., Any]) -> list[str]:
    """The names of an operation's query parameters, as they are described."""
    described = get_openapi(title="-", version="-", routes=[APIRoute(path, endpoint, response_model=None)])
    parameters = described["paths"][path]["get"].get("parameters", ())
    return [parameter["name"] for parameter in parameters if parameter["in"] == "query"]


def refuse_latest(given: str, parameter: str, path: str) -> None:
    """Raises InvalidError for `latest` in a request that changes what it names; `path` leads there by the id."""
    if given == LATEST:
        message = "`latest` is for reading only: it may name another one by the time that a request comes."
        raise query_error(parameter, message, f"It names {path} now: write that.")

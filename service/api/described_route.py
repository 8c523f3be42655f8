"""Routes whose response models appear only in the OpenAPI description."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from service.api.media_types import JSON

REFERENCE = "#/components/schemas/{model}"
_MODELS: dict[str, Any] = {}
"""The response models of all routes, by name."""


class DescribedRoute(APIRoute):
    """Route whose handler returns a finished response.

    FastAPI would build a validator for each response model, at import and again at the first request: an eighth of the
    service's start. A finished response needs none.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        response_model: Any = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        status_code: int | None = None,
        **options: Any,
    ) -> None:
        responses = dict(responses or {})
        if isinstance(response_model, type):  # FastAPI's default is not a type
            status = status_code or 200
            responses[status] = {"model": response_model} | responses.get(status, {})
        described = {status: _described(response) for status, response in responses.items()}
        super().__init__(path, endpoint, response_model=None, responses=described, status_code=status_code, **options)


def router(*tags: str, prefix: str = "") -> APIRouter:
    """Returns a router of described routes with these tags; without one, each route has its own."""
    return APIRouter(prefix=prefix, tags=[*tags], route_class=DescribedRoute, generate_unique_id_function=_operation_id)


def _operation_id(route: APIRoute) -> str:
    """The name of the handler as generated clients write it: getRun."""
    first, *others = route.name.split("_")
    return first + "".join(map(str.capitalize, others))


def response_schemas() -> dict[str, Any]:
    """Returns the JSON schemas of the response models and of their parts, by name."""
    models: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(model)) for name, model in _MODELS.items()
    ]
    _, found = TypeAdapter.json_schemas(models, ref_template=REFERENCE)
    return dict(found["$defs"])


def _described(response: dict[str, Any]) -> dict[str, Any]:
    if "model" not in response:
        return response
    described = {name: value for name, value in response.items() if name != "model"}
    content = described.get("content", {})
    described["content"] = content | {JSON: content.get(JSON, {}) | {"schema": _reference(response["model"])}}
    return described


def _reference(model: Any) -> dict[str, Any]:
    """A reference to a model, or to each model of a union."""
    if alternatives := get_args(model):
        return {"anyOf": [_reference(each) for each in alternatives]}
    _MODELS[model.__name__] = model
    return {"$ref": REFERENCE.format(model=model.__name__)}

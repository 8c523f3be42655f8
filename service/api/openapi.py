"""The OpenAPI description: FastAPI's own, with request bodies, error responses and limits added."""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from service.analysis.trajectory_check import MISTAKES
from service.api import static_files
from service.api.app_state import state_of_app
from service.api.described_route import REFERENCE, response_schemas
from service.api.media_types import JSON
from service.api.openapi_responses import problems
from service.api.routes import health
from service.core.settings import Settings
from service.core.translation import FINDINGS
from service.schemas.fit import CheckRequest, FitRequest, ForkRequest, UploadedDataset
from service.schemas.predict import PredictRequest
from service.schemas.rename import Rename, RunPatch
from service.schemas.responses.problems import Problem
from service.schemas.sweep import SweepRequest

BODIES = (
    *(FitRequest, ForkRequest, CheckRequest, PredictRequest, SweepRequest, RunPatch, Rename, UploadedDataset),
    Problem,
)
TAGS = {
    "fit": "Training jobs, and what they would cost.",
    "runs": "Runs: their status, their results, and what can be done with them.",
    "sweeps": "Runs that differ in some hyperparameters, ranked.",
    "trajectory": "Every step of a run: θ, E, and both criteria.",
    "inquiries": "Questions about a run: E around its path, the arithmetic of a step, predictions, its model.",
    "pictures": "A run as pictures, and as a page.",
    "datasets": "Uploads, samples, and functions without data.",
    "health": "The state of the service, its limits, and its figures.",
}
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key, `descent_…`, made by `descent keys create`. The scope read allows reading the "
    "resources of another key or of all; write allows reading, submitting, changing and deleting the key's own; admin "
    "the same for all resources.",
}
OPEN = {route.path for route in health.router.routes if hasattr(route, "path")}
"""Paths without authentication."""


class Description:
    """The answer to GET /openapi.json. The first request makes it on a thread: it takes 0.2 s."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._making = asyncio.Lock()
        self._file: static_files.File | None = None

    async def answer(self, request: Request) -> Response:
        """The description, or 304 if the client has it."""
        async with self._making:
            if self._file is None:
                self._file = await run_in_threadpool(self._made)
        return static_files.answer(self._file, request)

    def _made(self) -> static_files.File:
        return static_files.file_of(orjson.dumps(of(self._app)), JSON)


def of(app: FastAPI) -> dict[str, Any]:
    """The description of the app, made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            license_info={"name": "MIT", "identifier": "MIT"},
            tags=[{"name": name, "description": description} for name, description in TAGS.items()],
            servers=[{"url": ".", "description": "The service that answered this description."}],
        )
        # Routes read bodies and write responses themselves, so FastAPI finds no schemas.
        described["components"] = {"schemas": response_schemas()}
        for body in BODIES:
            schema = TypeAdapter(body).json_schema(ref_template=REFERENCE)
            described["components"]["schemas"] |= schema.pop("$defs", {}) | {body.__name__: schema}
        _complete(described["components"]["schemas"])
        _say_defaults(described)
        for path, operations in described["paths"].items():
            for operation in operations.values():
                _drop_default_validation_error(operation)
                _add_largest_page(operation, state_of_app(app).settings)
                if path not in OPEN:
                    operation["responses"] |= {str(s): problems(s)[s] for s in (401, 403, 421, 429)}
        described["security"] = []
        if state_of_app(app).settings.requires_keys:
            _require_keys(described)
        app.openapi_schema = described
    return app.openapi_schema


def _require_keys(described: dict[str, Any]) -> None:
    described["components"]["securitySchemes"] = {"key": BEARER}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN else [{"key": []}]


def _add_largest_page(operation: dict[str, Any], settings: Settings) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == "limit":
            parameter["schema"]["maximum"] = settings.max_page


CODES: dict[str, Iterable[str]] = {"Finding": FINDINGS, "Mistake": MISTAKES}
"""Schemas with a `code`, and the tables whose keys are its values."""


def _complete(schemas: dict[str, Any]) -> None:
    """Adds what the types do not say: the values of codes, and the discriminators of unions by `kind`."""
    for name, known in CODES.items():
        schemas[name]["properties"]["code"]["enum"] = sorted(known)
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            kinds = {_kind(each, schemas): each.get("$ref") for each in field.get("oneOf", ())}
            if kinds and None not in kinds:
                field["discriminator"] = {"propertyName": "kind", "mapping": kinds}


def _kind(alternative: dict[str, Any], schemas: dict[str, Any]) -> str | None:
    """The `kind` of an alternative of a union, if it has one."""
    fields = schemas.get(alternative.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
    kind: str | None = fields.get("kind", {}).get("const")
    return kind


def _say_defaults(described: dict[str, Any]) -> None:
    """Says defaults in words. Some generators of clients refuse one that is an object, others require its field, or
    send that of a parameter with every request.
    """
    for schema in described["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            _say_default(field, field)
    for operations in described["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _say_default(parameter["schema"], parameter)


def _say_default(schema: dict[str, Any], described: dict[str, Any]) -> None:
    if "default" in schema:
        default = orjson.dumps(schema.pop("default")).decode()
        described["description"] = " ".join(filter(None, (described.get("description"), f"Default: `{default}`.")))


def _drop_default_validation_error(operation: dict[str, Any]) -> None:
    answer = operation["responses"].get("422", {})
    if "HTTPValidationError" in str(answer):
        operation["responses"]["422"] = problems(422)[422]

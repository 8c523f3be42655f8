"""Request bodies in the OpenAPI description: the routes read bodies themselves, so FastAPI does not find them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from service.api.media_types import CSV, GZIP, JSON, NPZ, PARQUET, XLSX

Examples = Mapping[str, Mapping[str, Any]]


def json_body(model: type[BaseModel], examples: Examples) -> dict[str, Any]:
    """`openapi_extra` of an operation whose body is JSON. `openapi.of` adds the schema of the model."""
    return _body({JSON: _json(model, examples)})


def json_or_rows_body(model: type[BaseModel], examples: Examples, csv_examples: Examples) -> dict[str, Any]:
    """The same for a body that is JSON, CSV or NPZ."""
    return _body({JSON: _json(model, examples), CSV: _csv(csv_examples), NPZ: _BINARY})


def json_or_file_body(model: type[BaseModel], examples: Examples, csv_examples: Examples) -> dict[str, Any]:
    """The same for a body that is JSON or a file."""
    files = dict.fromkeys((NPZ, GZIP, XLSX, PARQUET), _BINARY)
    return _body({JSON: _json(model, examples), CSV: _csv(csv_examples), **files})


_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def _csv(examples: Examples) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "examples": examples}


def _json(model: type[BaseModel], examples: Examples) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}, "examples": examples}

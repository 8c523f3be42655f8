"""The OpenAPI schemas as TypeScript declarations: `python -m tests.web.typescript` writes them anew."""

import json
import tempfile
from pathlib import Path
from typing import Any

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.connect import open_database

ROOT = Path(__file__).parents[2]
DECLARATIONS = ROOT / "service/web/types/openapi.d.ts"
HEAD = "// Written by `python -m tests.web.typescript` from /openapi.json, and held to it by a test.\n\n"
WORDS = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def declarations(schemas: dict[str, Schema]) -> str:
    """A declaration for each schema, by name."""
    return HEAD + "\n".join(_declaration(name, schemas[name]) for name in sorted(schemas))


def _declaration(name: str, schema: Schema) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    required = schema.get("required", ())
    lines = [
        f"  {_key(field)}{'' if field in required else '?'}: {_type(each)};\n"
        for field, each in schema["properties"].items()
    ]
    if schema.get("additionalProperties") is True:
        lines.append("  [field: string]: unknown;\n")
    return f"export interface {name} {{\n{''.join(lines)}}}\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for words in ("anyOf", "oneOf"):
        if words in schema:
            return " | ".join(dict.fromkeys(_type(each) for each in schema[words]))
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "array":
            entry = _type(schema["items"])
            return f"({entry})[]" if " | " in entry else f"{entry}[]"
        case "object":
            return f"{{ [name: string]: {_entry(schema)} }}"
        case str(word):
            return WORDS[word]
        case _:
            return "unknown"


def _entry(schema: Schema) -> str:
    """The type of an object's values, whatever their names."""
    others = schema.get("additionalProperties")
    found = [others] if isinstance(others, dict) else list(schema.get("patternProperties", {}).values())
    return _type(found[0]) if found else "unknown"


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def described() -> dict[str, Schema]:
    """The schemas that the service describes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/descent.db")
        database = open_database(settings.database_url, settings.busy_seconds)
        try:
            return dict(create_app(settings, database).openapi()["components"]["schemas"])
        finally:
            database.dispose()


if __name__ == "__main__":
    DECLARATIONS.write_text(declarations(described()), encoding="utf-8")

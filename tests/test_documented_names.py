"""What the documents put between backticks is in the code: routes, fields of a request, and names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database
from tests.hyperparameters_page import DEFINITIONS, SCHEMA, Schema
from tests.test_documents import CURRENT, ROOT

REQUEST = ("descent", "model", "objective", "optimizer", "schedule", "split", "standardize", "stop", "theta0")
"""The objects of a request whose fields the documents name with a dot."""
NAME = re.compile(r"(?<![\w./-])[a-z]\w*_\w+|[a-z]\w*(?=\(\)$)")
ABSENT = ("GET", "/runs/{id}/absent")
"""A route that does not exist, which the test must find missing."""
OTHERS = {"node_modules"}
BLOCK = re.compile(r"^```.*?^```", flags=re.DOTALL | re.MULTILINE)


def quoted(name: str) -> Iterator[str]:
    """The texts between backticks of a document, without its blocks, which are run."""
    yield from re.findall(r"`([^`\n]+)`", BLOCK.sub("", CURRENT[name]))


@cache
def names_of_the_code() -> frozenset[str]:
    """Each name and each word of a text in the code, without comments and docstrings; and the words of the page."""
    found: set[str] = set()
    for folder in ("gd_engine", "service", "benchmarks"):
        found.add(folder)
        for path in (ROOT / folder).rglob("*.py"):
            found |= {path.stem, path.parent.name}
            found |= set(_names(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (ROOT / "service" / "web").rglob("*.js"):
        if "vendor" not in path.parts:
            found |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return frozenset(found)


def _names(module: ast.Module) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        for value in (getattr(node, field, None) for field in ("id", "attr", "arg", "name")):
            if isinstance(value, str):
                yield value
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from re.findall(r"\w+", node.value)


def fields(schema: Schema, parent: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a request after the name of its object."""
    if "$ref" in schema:
        schema = DEFINITIONS[schema["$ref"].rpartition("/")[2]]
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from fields(part, parent)
    for name, field in schema.get("properties", {}).items():
        yield parent, name
        yield from fields(field, name)


@pytest.mark.parametrize("name", list(CURRENT))
def test_every_name_exists(name: str) -> None:
    found = {each for text in quoted(name) if "::" not in text for each in NAME.findall(text)}
    in_blocks = set(re.findall(r"\w+", " ".join(BLOCK.findall(CURRENT[name]))))
    assert found <= names_of_the_code() | in_blocks | OTHERS


@pytest.mark.parametrize("name", list(CURRENT))
def test_every_field_of_a_request_exists(name: str) -> None:
    known = set(fields(SCHEMA))
    dotted = [text.split(".") for text in quoted(name) if re.fullmatch(r"[a-z]\w*(\.[a-z]\w*)+", text)]
    found = {pair for parts in dotted for pair in pairwise(parts) if pair[0] in REQUEST}
    assert found <= known | {(parent, "kind") for parent in REQUEST}


def test_every_route_exists(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    with TestClient(app):
        found = {
            (method, path.rstrip("/") or "/")
            for name in CURRENT
            for text in quoted(name)
            for method, path in re.findall(r"\b(GET|POST|PATCH|DELETE) (/[^?\s…]*)", text)
        }
        assert len(found) > 20
        missing = {each for each in {*found, ABSENT} if not _is_routed(app, *each)}
    assert missing == {ABSENT}


def _is_routed(app: FastAPI, method: str, path: str) -> bool:
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] == Match.FULL for route in app.routes)

"""The page docs/hyperparameters.md, made from the docstrings of `gd_engine` and from the schema of POST /fit.

`make docs` writes it, and a test compares it with the code.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gd_engine import LOSSES, MODELS, OPTIMIZERS, SCHEDULES
from gd_engine.losses import Penalty
from service.schemas.fit import FitRequest

PAGE = Path(__file__).parent.parent / "docs" / "hyperparameters.md"
HEAD = """<!-- `make docs` writes this page from the code: gd_engine and service/schemas. -->
# Hyperparameters

Everything that `POST /fit` lets you choose about a descent. E is the error on the training rows, n their number, g the
gradient of E at θ, η the learning rate, k the step. A value outside the bounds is refused, with a hint.

[The engine](engine.md) explains how the parts work together. [Settings](settings.md) has the limits of a service.
"""
Schema = Mapping[str, Any]
SOURCES = """Sources: 1/λmax (Nesterov, 2004), λmax by the method of Lanczos (1950); mini-batches (Robbins & Monro,
1951); clipping (Pascanu, Mikolov & Bengio, 2013).
"""
SCHEMA: Schema = FitRequest.model_json_schema()
DEFINITIONS: Mapping[str, Schema] = SCHEMA["$defs"]
KINDS: Mapping[str, Schema] = {
    each["properties"]["kind"]["const"]: each["properties"]
    for each in DEFINITIONS.values()
    if "const" in each.get("properties", {}).get("kind", {})
}
"""The fields of each model, optimiser, schedule and start."""
YEAR = re.compile(r" ?\(([A-Z][^()]*\b(?:1[7-9]|20)\d\d\b[^()]*)\)")
"""A source: names and a year in brackets."""
GREATEST = 2**63
"""A bound that says only what fits into the database."""


def page() -> str:
    """The whole page as Markdown."""
    model, descent = SCHEMA["properties"]["model"], DEFINITIONS["Descent"]["properties"]
    return "\n".join(
        [
            HEAD,
            f"## Models\n\n{_chosen('model', model)}\n",
            *_choices(MODELS),
            "## Losses\n\n`objective.loss`: E is the loss over the training rows, plus the penalties.\n",
            *_choices(LOSSES),
            "## Penalties and the parameter of a loss\n",
            f"The penalty is {_formula(Penalty)}. Sources: {_source(Penalty)}.\n",
            *_options([("objective", "Objective")], leave=("loss",)),
            f"## Optimisers\n\n{_chosen('descent.optimizer', descent['optimizer'])}\n",
            *_choices(OPTIMIZERS),
            f"## Schedules\n\n{_chosen('descent.schedule', descent['schedule'])}\n",
            *_choices(SCHEDULES),
            "## The descent\n",
            *_options(
                [("descent", "Descent"), ("descent.theta0", "NormalTheta0")],
                leave=("kind", "optimizer", "schedule", "stop"),
            ),
            SOURCES,
            "## Stopping\n\nThe descent stops at the first condition met. Patience: Prechelt, 1998.\n",
            *_options([("descent.stop", "Stop")]),
            "## Split and scaling\n",
            *_options([("split", "FractionSplit"), ("split", "RowsSplit"), ("standardize", "Standardize")]),
        ]
    )


def _chosen(place: str, union: Schema) -> str:
    return f"`{place}.kind`, by default `{union['default']['kind']}`. The options of a kind are beside it."


def _choices(table: Mapping[str, Callable[..., object]]) -> Iterator[str]:
    """A table of a registry with formula and source, and one of the options of its kinds."""
    yield "| kind | formula | source |\n| --- | --- | --- |"
    for kind, function in table.items():
        yield f"| `{kind}` | {_formula(function)} | {_source(function)} |"
    yield ""
    fields = [(kind, *each) for kind in table for each in KINDS.get(kind, {}).items() if each[0] != "kind"]
    if fields:
        yield "| kind | option | default | values | effect |\n| --- | --- | --- | --- | --- |"
        yield from (f"| `{kind}` | {_row(name, field)}" for kind, name, field in fields)
        yield ""


def _options(parts: list[tuple[str, str]], leave: tuple[str, ...] = ()) -> Iterator[str]:
    """A table of the fields of some objects of a request, each field once."""
    yield "| option | default | values | effect |\n| --- | --- | --- | --- |"
    found = {f"{place}.{name}": field for place, part in parts for name, field in _fields(part) if name not in leave}
    for name, field in found.items():
        yield f"| {_row(name, field)}"
    yield ""


def _fields(part: str) -> Iterator[tuple[str, Schema]]:
    yield from DEFINITIONS[part]["properties"].items()


def _row(name: str, field: Schema) -> str:
    effect = field["description"].replace("|", "\\|")
    return f"`{name}` | {_default(field)} | {_values(field)} | {effect} |"


def _default(field: Schema) -> str:
    if "default" not in field:
        return "must be given"
    return "none" if field["default"] is None else f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _values(field: Schema) -> str:
    """The values that a field takes, in words."""
    if parts := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(_values(each) for each in parts if each != {"type": "null"})
    if "$ref" in field:
        return f"`{DEFINITIONS[field['$ref'].rpartition('/')[2]]['properties']['kind']['const']}`"
    if choices := field.get("enum") or ([field["const"]] if "const" in field else []):
        return ", ".join(f"`{each}`" for each in choices)
    return _of_type(field)


def _of_type(field: Schema) -> str:
    kind = field["type"]
    if kind == "array":
        counted = f"{field.get('minItems', 0)} to {field['maxItems']} " if "maxItems" in field else ""
        return f"a list of {counted}({_values(field['items'])})"
    if kind == "object":
        return f"an object of ({_values(field['additionalProperties'])})"
    if kind in ("integer", "number"):
        return f"{kind}{_bounds(field)}"
    return {"boolean": "`true`, `false`", "string": "text"}[kind]


def _bounds(field: Schema) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {field[name]:g}" for name, sign in signs.items() if field.get(name, GREATEST) != GREATEST]
    return "".join(f" {each}" if not number else f", {each}" for number, each in enumerate(found))


def _formula(function: Callable[..., object]) -> str:
    """The first paragraph of a docstring, without its source."""
    first = inspect.cleandoc(function.__doc__ or "").split("\n\n")[0]
    return YEAR.sub("", " ".join(first.split())).replace("|", "\\|").rstrip(".:")


def _source(function: Callable[..., object]) -> str:
    """Author and year: what the brackets of a docstring have before PyTorch's name."""
    found = YEAR.findall(" ".join(inspect.cleandoc(function.__doc__ or "").split()))
    return "; ".join(dict.fromkeys(each.replace("|", "\\|") for each in found))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

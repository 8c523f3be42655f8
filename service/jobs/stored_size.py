"""Sizes of rows in the database, for the quota of bytes: what a run stores beside its trajectory."""

from collections.abc import Mapping, Sequence

import orjson

from gd_engine import Shape
from service.core.run_record import Classes
from service.core.run_request import ModelRequest
from service.engine_adapter.factory import shape_of

ROW_BYTES = 3_000
"""A run's row without what the request makes longer: digests, timings, environment, diagnosis, convergence, metrics."""
ENTRY_BYTES = 40
"""A row of a small table, or an entry of an index, without its texts."""
NUMBER_BYTES = 22
"""A float64 in JSON, with its comma."""
CHECKPOINT_BYTES = 3 * 8
"""A parameter in the checkpoint: its value, and at most two numbers of the optimiser."""


def of_json(value: object) -> int:
    """Size of a value as JSON in UTF-8."""
    return len(orjson.dumps(value))


def of_names(shape: Shape, model: ModelRequest, features: Sequence[str], classes: Classes) -> int:
    """Size of the parameters' names as a JSON list, computed from the names of features and classes.

    The names of a formula's parameters are few and its own.
    """
    if shape.kind == "formula":
        return of_json(list(shape.parameters))
    labels = [_as_long(name) for name in classes] if isinstance(classes, list) else None
    long = shape_of(model, [_as_long(name) for name in features], labels)
    return long.characters + 3 * long.size


def _as_long(name: str | int) -> str:
    """A name with as many characters as `name` has bytes in JSON."""
    return "x" * (of_json(str(name)) - 2)


def of_results(size: int, names: int, *, test: bool, optimum: bool) -> int:
    """Size of the last step, the best step and the optimum, for `size` parameters with names of `names` bytes.

    The last step has θ twice, as a list and by name, the optimum once more, as the reference minimum. Another reference
    is counted when it is stored. The checkpoint is that of an unfinished run.
    Findings about the columns of a quadratic E name up to a third of them.
    """
    numbers = 2 + test + 3 * optimum
    of_names = names + (names + names // 3) * optimum
    return size * (numbers * NUMBER_BYTES + CHECKPOINT_BYTES) + of_names


def of_tags(tags: Mapping[str, str]) -> int:
    """Size of the tags beside the request: in the run's row, in the table of tags, and in its two indexes."""
    return 4 * of_json(tags) + 3 * ENTRY_BYTES * len(tags)

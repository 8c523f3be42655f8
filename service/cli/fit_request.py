"""The options of `descent fit` as a request of the service."""

import json
import re
from typing import Any

from service.cli.options import failure

Path = tuple[str, ...]

OPTIONS: dict[Path, str] = {
    ("function",): "--function",
    ("model",): "--model",
    ("standardize",): "--standardize",
    ("objective", "loss"): "--loss",
    ("objective", "l1"): "--l1",
    ("objective", "l2"): "--l2",
    ("split", "test_fraction"): "--test-fraction",
    ("descent", "theta0"): "--theta0",
    ("descent", "steps"): "--steps",
    ("descent", "learning_rate"): "--learning-rate",
    ("descent", "optimizer"): "--optimizer",
    ("name",): "--name",
}
"""The option of each field of a request; `--set` has the others."""

_NAME = re.compile("[a-z][a-z_]+")
"""The name of a function or of a model; any other text is a formula."""


def function_of(given: str) -> dict[str, Any]:
    """A function by its name or its formula."""
    return {"name": given} if _NAME.fullmatch(given) else {"formula": given}


def model_of(given: str) -> dict[str, Any]:
    """A model by its kind, or by its formula."""
    return {"kind": given} if _NAME.fullmatch(given) else {"kind": "formula", "formula": given}


def request_of(chosen: dict[Path, object], others: list[str]) -> dict[str, Any]:
    """The request of the chosen fields, without those that are None, and of `--set`. Raises typer.Exit."""
    request: dict[str, Any] = {}
    for path, value in [*chosen.items(), *map(_field, others)]:
        if value is not None:
            _put(request, path, value)
    return request


def _put(request: dict[str, Any], path: Path, value: object) -> None:
    *above, last = path
    part = request
    for name in above:
        part = part.setdefault(name, {})
        if not isinstance(part, dict):
            raise failure(f"--set {'.'.join(path)}: {name} has no fields, for it is chosen as {part!r}.")
    part[last] = value


def _field(given: str) -> tuple[Path, object]:
    """The path and the value of a field: a number, true, false, null, a list or an object as in JSON, else a text."""
    path, sign, text = given.partition("=")
    if not sign or not all(path.split(".")):
        raise failure(f"--set: {given!r} is no field. Write model.degree=3, descent.batch_size=16, or another one.")
    try:
        value: object = json.loads(text)
    except ValueError:
        value = text
    return tuple(path.split(".")), value


def theta0_of(given: str | None) -> list[float] | dict[str, float] | None:
    """The numbers of θ₀, by name if there are names. Raises typer.Exit."""
    if given is None:
        return None
    parts = [part.rpartition("=") for part in re.split(r"[\s,;]+", given.strip())]
    try:
        numbers = [float(number) for _, _, number in parts]
    except ValueError:
        raise failure(f"--theta0: {given!r} is no start. Write a=-1.2,b=1 or -1.2,1.") from None
    names = [name.strip() for name, _, _ in parts]
    if any(names) and (not all(names) or len({*names}) < len(names)):
        raise failure(f"--theta0: {given!r} is no start. Name each parameter once, as in a=-1.2,b=1, or none.")
    return dict(zip(names, numbers, strict=True)) if all(names) else numbers


def rate_of(given: str | None) -> float | str | None:
    """A learning rate: a number, or `auto`. Raises typer.Exit."""
    try:
        return given if given is None or given == "auto" else float(given)
    except ValueError:
        raise failure(f"--learning-rate: {given!r} is no number. Write a number, or auto.") from None

"""The body of POST /fit from the arguments of `fit`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from service.client.data import JsonObject, dataset_of, merged


class FitOptions(TypedDict, total=False):
    """What most users choose. Everything else of POST /fit goes to `request`, which is merged last."""

    feature_names: Sequence[str]
    target_name: str
    dataset: str | Mapping[str, Any]
    """The id of a dataset, `latest`, or the object of the API, such as {"sample": "norris"}; instead of x and y."""
    function: str | Mapping[str, Any]
    """The name or the formula of a function without data."""
    model: str | Mapping[str, Any]
    """A kind, such as polynomial; a formula of the features, such as "b1*(1 - exp(-b2*x))"; an object of the API."""
    steps: int
    learning_rate: float | str
    optimizer: str | Mapping[str, Any]
    schedule: str | Mapping[str, Any]
    theta0: Any
    batch_size: int
    seed: int
    loss: str
    l1: float
    l2: float
    standardize: bool | Mapping[str, Any]
    test_fraction: float
    preset: str
    name: str
    tags: Mapping[str, str]
    deadline_seconds: float
    request: Mapping[str, Any]


DESCENT = ("steps", "learning_rate", "theta0", "batch_size", "seed")
OBJECTIVE = ("loss", "l1", "l2")
WHOLE = ("standardize", "preset", "name", "tags", "deadline_seconds")
NAME = re.compile(r"[a-z][a-z_]+")
"""A kind of model or a function that ships, and no formula: that has a sign, or a name of one letter."""


def body_of(x: Any, y: Any, options: FitOptions) -> JsonObject:
    """The body of POST /fit. Raises TypeError for an unknown argument, or without x and y, dataset, or function."""
    if unknown := options.keys() - FitOptions.__annotations__.keys():
        others = "Other fields of POST /fit go into request={...}."
        raise TypeError(f"fit has no argument {', '.join(sorted(unknown))}. {others}")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    body = {name: given[name] for name in WHOLE if name in given} | _subject(x, y, given)
    if "model" in given:
        body["model"] = model_of(given["model"])
    descent = {name: given[name] for name in DESCENT if name in given}
    descent |= {name: _kind(given[name]) for name in ("optimizer", "schedule") if name in given}
    objective = {name: given[name] for name in OBJECTIVE if name in given}
    split = {"test_fraction": given["test_fraction"]} if "test_fraction" in given else {}
    body |= {name: part for name, part in (("descent", descent), ("objective", objective), ("split", split)) if part}
    return merged(body, given.get("request", {}))


def _subject(x: Any, y: Any, given: Mapping[str, Any]) -> JsonObject:
    others = {"dataset", "function"} & given.get("request", {}).keys()
    count = (x is not None) + ("dataset" in given) + ("function" in given) + len(others)
    if count != 1 or (x is None) != (y is None):
        raise TypeError("fit takes either x and y, or dataset=, or function=.")
    if x is None and given.keys() & {"feature_names", "target_name"}:
        raise TypeError("feature_names and target_name are the names of x and y.")
    if x is not None:
        return {"dataset": dataset_of(x, y, given.get("feature_names"), given.get("target_name"))}
    if "dataset" in given:
        dataset = given["dataset"]
        return {"dataset": {"id": dataset} if isinstance(dataset, str) else dict(dataset)}
    if "function" in given:
        function = given["function"]
        return {"function": _named(function, "name") if isinstance(function, str) else dict(function)}
    return {}


def model_of(model: str | Mapping[str, Any]) -> JsonObject:
    """The model of a request: a kind that ships, else a formula, or the object itself."""
    if isinstance(model, str):
        return {"kind": "formula"} | _named(model, "kind")
    return dict(model)


def _named(text: str, place: str) -> JsonObject:
    """What ships, by its name, or a formula."""
    return {place if NAME.fullmatch(text) else "formula": text}


def _kind(choice: str | Mapping[str, Any]) -> JsonObject:
    return {"kind": choice} if isinstance(choice, str) else dict(choice)

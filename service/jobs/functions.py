"""Descriptions of the functions without data: of those that ship, and of that of a request."""

from collections.abc import Mapping

from gd_engine import BENCHMARK_FUNCTIONS, BenchmarkFunction
from service.core.languages import Language
from service.core.run_request import FunctionRequest
from service.engine_adapter.functions import formula_of, known_function
from service.schemas.responses.functions import Function, ListedFunction, Minimum


def listed(language: Language) -> list[ListedFunction]:
    """The functions that ship, described in this language."""
    return [
        {
            "name": each.name,
            "title": each.title[language],
            "formula": each.formula,
            "parameters": list(each.theta0),
            "theta0": each.theta0,
            "window": _window(each),
            "minima": _minima(each),
            "description": each.description[language],
        }
        for each in BENCHMARK_FUNCTIONS.values()
    ]


def described(function: FunctionRequest) -> Function:
    """The function of a run; one that no longer ships has its name alone."""
    if function.get("name") not in {None, *BENCHMARK_FUNCTIONS}:
        return {"name": function["name"], "formula": None, "window": None, "minima": []}
    known = known_function(function)
    return {
        "name": function.get("name"),
        "formula": formula_of(function),
        "window": None if known is None else _window(known),
        "minima": [] if known is None else _minima(known),
    }


def _window(function: BenchmarkFunction) -> Mapping[str, list[float]]:
    return {name: [low, high] for name, (low, high) in function.window.items()}


def _minima(function: BenchmarkFunction) -> list[Minimum]:
    return [{"theta": minimum.theta, "value": minimum.value} for minimum in function.minima]

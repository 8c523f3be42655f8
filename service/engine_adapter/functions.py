"""Functions E(θ) without data: the formula and the problem of a request."""

from gd_engine import BENCHMARK_FUNCTIONS, BenchmarkFunction, Problem, pose_function
from service.core.run_request import FunctionRequest, StoredRequest


def known_function(function: FunctionRequest) -> BenchmarkFunction | None:
    """The function that ships under the name of the request; None for a formula. Raises KeyError."""
    return BENCHMARK_FUNCTIONS[function["name"]] if "name" in function else None


def formula_of(function: FunctionRequest) -> str:
    """The formula of a function."""
    known = known_function(function)
    return function["formula"] if known is None else known.formula


def function_problem(request: StoredRequest) -> Problem:
    """E(θ) of a request with a function. Raises FormulaError."""
    function, objective = request["function"], request["objective"]
    known = known_function(function)
    theta0 = None if known is None else known.theta0
    return pose_function(formula_of(function), theta0, l1=objective["l1"], l2=objective["l2"])

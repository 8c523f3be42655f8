"""Validation of a request with a function E(θ) without data."""

from gd_engine import BENCHMARK_FUNCTIONS, FormulaError, Shape, column_names, function_shape
from service.core.exceptions import invalid
from service.core.run_request import OF_DATA, AskedRequest, FunctionRequest, StoredRequest, Theta0
from service.core.settings import Settings
from service.engine_adapter.functions import formula_of, known_function
from service.jobs import hyperparameter_rules, stored_size
from service.jobs.validation import Plan, check_formula, check_parameter_count, check_size
from service.schemas.fit import NOT_BOTH


class FunctionPlanner:
    """Plans requests with one function."""

    def __init__(self, asked: AskedRequest, settings: Settings) -> None:
        self._settings = settings
        self._shape, self._theta0 = _resolved(asked["function"], settings)
        self._columns = list(column_names(self._shape, "function"))
        self._bytes_of_names = stored_size.of_json(list(self._shape.parameters))

    def plan(self, asked: AskedRequest) -> Plan:
        """The plan of a request with the function. Raises InvalidError for the first invalid field."""
        _refuse_fields_of_data(asked)
        descent, objective = asked["descent"], asked["objective"]
        theta0 = self._theta0 if descent["theta0"] is None else descent["theta0"]
        request: StoredRequest = {
            **asked,
            "objective": {"l1": objective["l1"], "l2": objective["l2"]},
            "descent": {**descent, "theta0": theta0},
        }
        hyperparameter_rules.check(request, self._shape, train_rows=0)
        plan = Plan(request, self._shape, self._columns, None, 0, 0, 0, self._bytes_of_names, stored_size.of_json(None))
        check_size(plan, self._settings)
        return plan


def default_theta0(function: FunctionRequest) -> Theta0:
    """θ₀ by name: that of a function that ships, or all ones. Raises KeyError, FormulaError."""
    known = known_function(function)
    return dict.fromkeys(function_shape(formula_of(function)).parameters, 1.0) if known is None else dict(known.theta0)


def _resolved(function: FunctionRequest, settings: Settings) -> tuple[Shape, Theta0]:
    """The shape and the default θ₀ of a function. Raises InvalidError."""
    if "name" in function and function["name"] not in BENCHMARK_FUNCTIONS:
        names = ", ".join(BENCHMARK_FUNCTIONS)
        raise invalid("/function/name", f"There is no function {function['name']}.", f"There are {names}.")
    formula = formula_of(function)
    check_formula(formula, settings.max_formula, "/function/formula")
    try:
        shape = function_shape(formula)
    except FormulaError as error:
        raise invalid("/function/formula", error.message, error.hint) from None
    check_parameter_count(shape, settings.max_parameters)
    return shape, default_theta0(function)


def _refuse_fields_of_data(asked: AskedRequest) -> None:
    for name in OF_DATA:
        if name in asked:
            raise invalid(f"/{name}", f"A function has no data, and so no {name}.", NOT_BOTH)
    objective, descent = asked["objective"], asked["descent"]
    if objective["loss"] is not None:
        raise invalid("/objective/loss", "E is the value of the function, and has no loss.", "Remove it.")
    if objective.get("delta") is not None:
        raise invalid("/objective/delta", "A function has no loss, and so no delta.", "Remove it.")
    if descent["batch_size"] is not None:
        message = "A function has no rows to take batches from."
        raise invalid("/descent/batch_size", message, "Set it to null.")
    if descent["stop"]["patience"] is not None:
        message = "Patience watches validation rows, and a function has none."
        raise invalid("/descent/stop/patience", message, "Set it to null, or stop by gradient_norm or loss_change.")

"""E, its gradient, its Hessian and its residuals on all training rows, by recorded programs and within a budget."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import autograd.numpy as anp
import numpy as np
from autograd import grad, value_and_grad
from autograd.differential_operators import make_jvp_reversemode

from gd_engine.arrays import FloatArray
from gd_engine.autodiff.tape import record
from gd_engine.descent.closed_form import quadratic_hessian
from gd_engine.diagnosis.quadratic_model import log_loss_hessian
from gd_engine.losses import Penalty
from gd_engine.problem import Problem

MOST_CURVED = 256
"""The most parameters of a dense Hessian."""
SPEED = 1e9
"""Multiplications a second of a slow core: by it a computation that cannot be interrupted is not begun."""

GUARD = 10.0
"""The longest time of estimated work, as a multiple of its seconds."""


class Charge(Protocol):
    """A budget of estimated seconds."""

    def __call__(self, seconds: float = ..., /) -> float:
        """Charges work, by default a call of E and ∇E, and returns the seconds left; 0 looks only.

        Raises BudgetSpentError when none are left, or the caller's exception.
        """


class BudgetSpentError(Exception):
    """The computation must end now."""


class Smooth(Protocol):
    """A smooth function of θ with its derivatives."""

    def at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """The function and its gradient at θ."""

    def energy(self, theta: FloatArray) -> float:
        """The function at θ."""

    def hessian(self, theta: FloatArray) -> FloatArray:
        """The Hessian at θ, shape (p, p)."""


class Objective:
    """The smooth part of E, without its l1 penalty. Each call is charged to the budget first.

    The programs are of the loss alone; the ridge penalty is added by its formula.
    """

    def __init__(self, problem: Problem, budget: Charge) -> None:
        self.problem = problem._replace(penalty=Penalty(0.0, problem.penalty.l2))
        penalised = np.array(problem.model.penalised, dtype=np.float64)
        self.l1, self._ridge = problem.penalty.l1 * penalised, 2.0 * problem.penalty.l2 * penalised
        self.budget = budget
        self._loss = problem._replace(penalty=Penalty()).energy
        self._programs: dict[str, Callable[..., Any]] = {}

    def affords(self, multiplications: float) -> bool:
        """Whether so many multiplications in one call fit in the budget. Looking is not charged."""
        return multiplications <= SPEED * self.budget(0.0)

    def at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """E and ∇E at θ."""
        loss, gradient = self._call("at", value_and_grad(self._loss), theta)
        slope = self._ridge * theta
        return float(loss) + 0.5 * float(slope @ theta), np.asarray(gradient + slope, dtype=np.float64)

    def energy(self, theta: FloatArray) -> float:
        """E at θ."""
        self.budget()
        return float(self.problem.energy(theta))

    def hessian(self, theta: FloatArray) -> FloatArray:
        """The Hessian of E at θ, shape (p, p)."""
        problem = self.problem
        if problem.model.linear and problem.loss.name in {"sse", "mse"} and problem.model.task == "regression":
            return quadratic_hessian(problem)
        if problem.model.kind in {"logistic", "softmax"} and problem.loss.name == "log_loss":
            self.budget()
            return log_loss_hessian(problem, theta) + np.diag(self._ridge)
        with warnings.catch_warnings():  # autograd warns of a gradient that does not depend on θ
            warnings.simplefilter("ignore")
            columns = [self._call("product", self._product, theta, unit)[0] for unit in np.eye(len(theta))]
        found = np.array(columns, dtype=np.float64)
        return np.asarray(0.5 * (found + found.T) + np.diag(self._ridge), dtype=np.float64)

    def residuals(self, theta: FloatArray) -> FloatArray:
        """The residuals r with E = ‖r‖², shape (n + p,): of the rows, then of the ridge penalty."""
        rows = self._call("residuals", lambda t: (self._errors(t),), theta)[0]
        return np.concatenate([rows, np.sqrt(0.5 * self._ridge) * theta])

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """The derivatives of the residuals, shape (n + p, p). Raises LinAlgError if one is not finite."""
        columns = [self._call("change", self._change, theta, unit)[0] for unit in np.eye(len(theta))]
        found = np.concatenate([np.array(columns, dtype=np.float64).T, np.diag(np.sqrt(0.5 * self._ridge))])
        if not np.isfinite(found).all():
            raise np.linalg.LinAlgError
        return found

    def _product(self, theta: Any, vector: Any) -> Sequence[Any]:
        return (grad(lambda t: anp.dot(grad(self._loss)(t), vector))(theta),)

    def _change(self, theta: Any, vector: Any) -> Sequence[Any]:
        return (make_jvp_reversemode(self._errors)(theta)(vector),)

    def _errors(self, theta: Any) -> Any:
        problem = self.problem
        errors = problem.model.predict(theta, problem.train.design) - problem.train.y
        return anp.reshape(errors, (problem.train.y.size,)) * problem.divisor**-0.5

    def _call(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        self.budget()
        if name not in self._programs:
            try:
                self._programs[name] = record(function, *arguments)
            except NotImplementedError:
                self._programs[name] = function
        return self._programs[name](*arguments)

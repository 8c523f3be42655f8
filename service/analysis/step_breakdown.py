"""Step breakdown: the arithmetic of one step of a run."""

from typing import NamedTuple

from gd_engine import DescentConfig, State, start
from gd_engine.analysis.step_breakdown import MOST_DIFFERENCES, Arithmetic, arithmetic, state_at
from gd_engine.arrays import FloatArray, IntArray
from service.analysis.run_context import RunContext, run_context
from service.schemas.responses.analysis import Contributions, StepArithmetic
from service.schemas.responses.base import Labels
from service.storage.database import Database


class StepRequest(NamedTuple):
    """The step of a run from the stored θ of `step`. `taken`: the next θ is stored, too."""

    seq: int
    step: int
    taken: bool


def of_step(database: Database, request: StepRequest) -> StepArithmetic:
    """The arithmetic of the step to the next θ, which is computed if it is not stored."""
    step, taken = request.step, request.taken
    context = run_context(database, request.seq)
    run, problem = context.run, context.problem(reduce=False)
    config = context.config(problem)
    theta = context.at(range(step, step + 1 + taken))[1]
    found = arithmetic(problem, config, _state(context, config, theta[0], step))
    rows = found.contributions.rows
    if problem.has_data:
        assert problem.train_rows is not None  # noqa: S101 - all rows are kept
        rows = problem.train_rows[rows]
    after = theta[1] if taken else found.after
    return {
        "run_id": run.id,
        "step": step,
        "parameters": run.parameters,
        "theta": found.theta,
        "train_loss": found.energy,
        "gradient": found.gradient,
        "central_differences": found.differences,
        "difference_errors": found.errors,
        "contributions": _contributions(context, rows, found),
        "rest": {"rows": problem.train.size - len(rows), "gradient": found.contributions.rest},
        "penalty": found.contributions.penalty,
        "used": found.used,
        "point": found.point,
        "threshold": found.threshold,
        "learning_rate": found.rate,
        "change": found.change,
        "next_theta": after,
        "taken": taken,
        "update": _lines(context, found, after),
    }


def _state(context: RunContext, config: DescentConfig, theta: FloatArray, step: int) -> State:
    """The state before the step. For an optimiser with memory, the descent up to the step is repeated."""
    state = start(theta, config.optimizer)
    if state.memory.size and step:
        reduced = context.problem(reduce=True)
        state = state_at(reduced, config, context.theta0(reduced), step)
    return state._replace(step=step, theta=theta)


def _contributions(context: RunContext, rows: IntArray, found: Arithmetic) -> Contributions:
    parts, classes = found.contributions, context.run.classes
    y: Labels = parts.y
    if classes:
        codes = parts.y.argmax(axis=0) if parts.y.ndim > 1 else parts.y
        y = [classes[int(code)] for code in codes]
    return {"rows": rows, "y": y, "predictions": parts.predictions.T, "gradients": parts.gradients}


def _lines(context: RunContext, found: Arithmetic, after: FloatArray) -> list[str]:
    """The update of each parameter as an equation."""
    is_plain = context.run.request["descent"]["optimizer"]["kind"] in ("gd", "ista", "fista")

    def sum_of(i: int) -> str:
        if not is_plain:
            return f"{_number(found.theta[i])} + {_term(found.change[i])}"
        moved = f"{_number(found.point[i])} − {_number(found.rate)} × {_term(found.used[i])}"
        if found.threshold is None or found.threshold[i] == 0:
            return moved
        return f"soft({moved}, {_number(found.threshold[i])})"

    return [
        f"{name}: {sum_of(i)} = {_number(after[i])}" for i, name in enumerate(context.run.parameters[:MOST_DIFFERENCES])
    ]


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _term(value: float) -> str:
    """A number after an operator, in parentheses if it is negative."""
    return f"({_number(value)})" if value < 0 else _number(value)

"""The arithmetic of a run's step."""

from typing import Any

from gd_engine import DescentConfig, State, start
from gd_engine.analysis.step_breakdown import MOST_DIFFERENCES, Arithmetic, arithmetic, state_at
from service.analysis.run_context import RunContext, subject
from service.engine_adapter.factory import split_of
from service.schemas.responses.analysis import Contributions, StepArithmetic
from service.storage.database import Database


def of_step(database: Database, seq: int, step: int) -> StepArithmetic:
    """What happens in the step that begins at a stored θ."""
    of = subject(database, seq)
    problem = of.problem(reduce=False)
    config = of.config(problem)
    last = min(step + 1, of.run.rows_done - 1)
    theta = of.at(range(step, last + 1))[1]
    found = arithmetic(problem, config, _state(of, config, theta[0], step))
    rows = split_of(of.run.request, of.run.dataset_rows).train[found.contributions.rows]
    after = theta[1] if last > step else found.theta + found.change
    return {
        "run_id": of.run.id,
        "step": step,
        "parameters": of.run.parameters,
        "theta": found.theta,
        "train_loss": found.energy,
        "gradient": found.gradient,
        "central_differences": found.differences,
        "contributions": _contributions(of, rows, found),
        "rest": {"rows": problem.train.size - len(rows), "gradient": found.contributions.rest},
        "penalty": found.contributions.penalty,
        "used": found.used,
        "learning_rate": found.rate,
        "change": found.change,
        "next_theta": after,
        "taken": last > step,
        "update": _lines(of, found, after),
    }


def _state(of: RunContext, config: DescentConfig, theta: Any, step: int) -> State:
    """The state before the step. Only what remembers has to be descended to again."""
    state = start(theta, config.optimizer)
    if state.memory.size and step:
        reduced = of.problem(reduce=True)
        state = state_at(reduced, config, of.theta0(reduced), step)
    return state._replace(step=step, theta=theta)


def _contributions(of: RunContext, rows: Any, found: Arithmetic) -> Contributions:
    parts, classes = found.contributions, of.run.classes
    y: Any = parts.y
    if classes:
        codes = parts.y.argmax(axis=0) if parts.y.ndim > 1 else parts.y
        y = [classes[int(code)] for code in codes]
    return {"rows": rows, "y": y, "predictions": parts.predictions.T, "gradients": parts.gradients}


def _lines(of: RunContext, found: Arithmetic, after: Any) -> list[str]:
    plain = of.run.request["descent"]["optimizer"]["kind"] == "gd"

    def change(place: int) -> str:
        if plain:
            return f"− {_number(found.rate)} × {_term(found.used[place])}"
        return f"+ {_term(found.change[place])}"

    return [
        f"{name}: {_number(found.theta[place])} {change(place)} = {_number(after[place])}"
        for place, name in enumerate(of.run.parameters[:MOST_DIFFERENCES])
    ]


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _term(value: float) -> str:
    """A number that an operator stands before."""
    return f"({_number(value)})" if value < 0 else _number(value)

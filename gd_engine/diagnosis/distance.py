"""Finding of short steps: a parameter moved straight towards a fit of least squares, but not far enough."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.closed_form import optimum
from gd_engine.diagnosis.context import LINEAR_METHODS, DiagnosisContext, Finding, tolerance, two_digits
from gd_engine.diagnosis.design_columns import MOST_COLUMNS
from gd_engine.diagnosis.probes import schedule_of
from gd_engine.diagnosis.quadratic_model import MOST_WORK

STRAIGHT = 0.9
"""The least share of a parameter's path that its move is."""
SHORT = 1.2
"""The least distance, as a multiple of the move, of steps that are too short."""
BOUNDED = ("mae", "huber")
"""The losses whose gradient does not grow with the distance."""


class Move(NamedTuple):
    """The move of the parameter whose remaining distance costs most: its place in θ, and its whole distance from θ₀."""

    parameter: int
    moved: float
    distance: float

    def better_rate(self, context: DiagnosisContext, steps: int) -> float:
        """The rate with which so many steps move the parameter by twice the distance."""
        shorter = context.steps / steps  # adagrad's path length grows as the square root of the steps
        times = 2.0 * self.distance / self.moved * (shorter**0.5 if context.kind == "adagrad" else shorter)
        return two_digits(context.rate * times)


def straight_move(context: DiagnosisContext, lowest: FloatArray, curvatures: FloatArray) -> Move | None:
    """The straight move towards `lowest`, shape (p,), if much of it remains; `curvatures` weigh the distances."""
    moved, total = context.theta - context.theta0, lowest - context.theta0
    path = np.abs(np.diff(context.history.overview.theta, axis=0)).sum(axis=0)
    j = int(np.argmax(np.abs(lowest - context.theta) * np.sqrt(curvatures)))
    straight = abs(moved[j]) > STRAIGHT * path[j] > 0 and moved[j] * total[j] > 0
    if not straight or abs(total[j]) < SHORT * abs(moved[j]):
        return None
    return Move(j, float(abs(moved[j])), float(abs(total[j])))


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding for steps whose length does not depend on the distance: of adaptive optimisers, mae and huber."""
    problem, sample = context.problem, context.sample
    rows, p = sample.train.design.shape
    linear = problem.model.linear and problem.model.task == "regression"
    short = context.kind not in LINEAR_METHODS or problem.loss.name in BOUNDED
    if not (linear and short and p <= MOST_COLUMNS and rows * p * p <= MOST_WORK):
        return []
    lowest = optimum(sample).theta
    energy = float(problem.energy(lowest))
    gap = float(context.energy[-1]) - energy
    if not gap > tolerance(context, energy):
        return []
    move = straight_move(context, lowest, np.square(sample.train.design).sum(axis=0))
    return [] if move is None else [_too_short(context, move, energy)]


def _too_short(context: DiagnosisContext, move: Move, energy: float) -> Finding:
    steps = max(context.config.steps, 100)
    rate, name = move.better_rate(context, steps), context.problem.model.parameters[move.parameter]
    descent: dict[str, Any] = {"learning_rate": rate}
    if steps > context.config.steps:
        descent["steps"] = steps
    if context.choices.schedule == "constant" and context.problem.loss.name in BOUNDED:
        # Long steps do not come to rest by themselves; those of a cosine go half as far.
        descent |= {"learning_rate": two_digits(2.0 * rate), "schedule": schedule_of(context, "cosine")}
    evidence = {
        "step": context.steps,
        "energy": float(context.energy[-1]),
        "learning_rate": context.rate,
        "parameter": name,
        "moved": move.moved,
        "distance": move.distance,
        "better_rate": descent["learning_rate"],
        "better_steps": steps,
    }
    sentence = (
        f"With the learning rate {context.rate:.3g} the steps are short: in {context.steps} of them {name} has gone "
        f"{move.moved:.3g} of the {move.distance:.3g} to a fit of least squares, where E is {energy:.4g} instead of "
        f"{context.energy[-1]:.4g}. A rate of {descent['learning_rate']:g} gets there in {steps} steps."
    )
    return Finding("too_few_steps", evidence, sentence, {"descent": descent})

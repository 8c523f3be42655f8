"""Finding of a descent that ended far above an E which is known to be attainable, whatever the cause."""

from typing import Any, Literal, NamedTuple

import numpy as np

from gd_engine.diagnosis.context import Finding, History, close_to, null_energy
from gd_engine.diagnosis.plateau import explained
from gd_engine.problem import Problem
from gd_engine.reference.convergence import Convergence

FAR = 3.0
"""The least gap to a minimum, as a multiple of a negligible one."""
NOISE = 0.02
"""The least gap of a descent that goes up and down, as a share of E of a constant prediction."""
POOR = 0.1
"""The least gap of a perceptron to its nearest minimum, as such a share."""
WORSE = 1.05
"""The least E, as a share of a constant's E, of a model that is worse than the constant."""
CLOSE = 1e-3
"""A negligible gap of a descent of a function without data, as a share of E(θ₀) − E*."""
LINE = 1.5
"""The least E of a perceptron, as a share of that of a line, that is worse than the line."""
RIDGE = 0.01
CODES = {"rising": "learning_rate_too_large", "oscillating": "oscillation", "converged": "plateau"}
HOW = {
    "rising": "E rose",
    "oscillating": "E goes up and down",
    "descending": "E is still falling",
    "stalled": "E hardly falls any more",
    "converged": "The descent came to rest at a poor minimum",
}
WHAT = {
    "minimum": "its minimum is {}",
    "local_minimum": "a local minimum is {}",
    "line": "a straight line gives {}",
    "constant": "the same prediction for every row gives {}",
}


class _Attainable(NamedTuple):
    what: Literal["minimum", "local_minimum", "line", "constant"]
    energy: float


def find(problem: Problem, history: History, convergence: Convergence, learning_rate: float) -> list[Finding]:
    """The finding that E ended far above its minimum, a line's E, or a constant's."""
    if (reference := convergence.reference) is not None and reference.theta is None:
        return [_separable(history, reference.train_loss)]
    if convergence.state == "diverged" or convergence.loss is None:
        return []
    first = float(history.overview.columns["train_loss"][0])
    with np.errstate(all="ignore"):
        known = _attainable(problem, convergence, first) if problem.has_data else _of_function(convergence, first)
    if known is None:
        return []
    state, step = convergence.state, int(history.overview.step[-1])
    evidence: dict[str, Any] = {
        "step": step,
        "energy": convergence.loss,
        "state": state,
        "learning_rate": learning_rate,
    }
    evidence |= {"attainable": known.what, "attainable_energy": known.energy, "gap": convergence.loss - known.energy}
    attainable = WHAT[known.what].format(f"{known.energy:.4g}")
    sentence = (
        f"At step {step} E is {convergence.loss:.4g}, and {attainable}. {HOW[state]}: "
        f"the learning rate {learning_rate:.3g} and {step} steps do not lead there."
    )
    return [Finding(CODES.get(state, "too_few_steps"), evidence, sentence, {})]


def _separable(history: History, infimum: float) -> Finding:
    step, lengths = int(history.overview.step[-1]), np.linalg.norm(history.overview.theta, axis=1)
    evidence = {"step": step, "energy": float(history.overview.columns["train_loss"][-1]), "infimum": infimum}
    evidence |= {"theta_norm": float(lengths[-1]), "l2": RIDGE}
    which = "the classes" if infimum == 0.0 else "some rows"
    sentence = (
        f"A line separates {which}: the longer θ is in its direction, the less E, which falls towards {infimum:.4g} "
        f"and has no minimum. ‖θ‖ is {lengths[-1]:.3g} at step {step} and grows without end; a penalty l2 gives E a "
        "minimum."
    )
    return Finding("separable_classes", evidence, sentence, {})


def _of_function(convergence: Convergence, first: float) -> _Attainable | None:
    """The minimum below the last step, if a descent that went down ended far above it."""
    loss, reference = convergence.loss or 0.0, convergence.reference
    if reference is None or convergence.state not in ("descending", "stalled"):
        return None
    least = reference.train_loss
    return _Attainable("local_minimum", least) if loss - least > FAR * CLOSE * (first - least) else None


def _attainable(problem: Problem, convergence: Convergence, first: float) -> _Attainable | None:
    """The least known E, if the descent ended far above it."""
    null, loss, reference = null_energy(problem), convergence.loss or 0.0, convergence.reference
    lowest = reference is not None and not reference.train_loss > null
    if reference is not None and reference.theta is not None and lowest and convergence.state != "converged":
        margin = FAR * close_to(problem, null, first, reference.train_loss)
        noise = NOISE * null if convergence.state == "oscillating" else 0.0
        if problem.model.kind == "mlp":  # its minimum may be an overfitted one
            noise = POOR * null
        if loss - reference.train_loss > max(margin, noise):
            return _Attainable("minimum", reference.train_loss)
    model = problem.model
    if model.kind == "mlp" and model.task == "regression" and problem.loss.name in ("mse", "sse"):
        line = (1.0 - explained(problem)) * null
        if loss > LINE * line + NOISE * null:
            return _Attainable("line", line)
    return _Attainable("constant", null) if loss > WORSE * null > 0 else None

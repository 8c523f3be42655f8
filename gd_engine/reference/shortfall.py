"""Finding of a descent that ended far above an E which is known to be attainable, whatever the cause."""

from typing import Any, Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import Finding, History, close_to, listed, null_energy
from gd_engine.diagnosis.plateau import EXPLAINED, NO_BETTER, explained, saturated
from gd_engine.problem import Problem
from gd_engine.reference.convergence import Convergence
from gd_engine.reference.minimum import Reference, is_convex

FAR = 3.0
"""The least gap to a minimum, as a multiple of a negligible one."""
NOISE = 0.02
"""The least gap of a descent that goes up and down, as a share of E of a constant prediction."""
POOR = 0.1
"""The least gap of a perceptron to its nearest minimum, as such a share."""
CONFIDENCE = 0.95
"""The confidence region of a fit of least squares: there the gap is at most p/(n − p) F E*, with F its quantile of
F(p, n − p) (Bates & Watts, Nonlinear regression analysis, 1988)."""
PRECISE = 0.03
"""A gap that is a smaller share of E* is negligible, however many rows there are."""
NOISELESS = 1e-6
"""The greatest minimum of data without noise, as a share of a constant's E: its confidence region says nothing."""
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
    "infimum": "it can fall towards {}",
    "line": "a straight line gives {}",
    "constant": "the same prediction for every row gives {}",
}


class _Attainable(NamedTuple):
    """An E that is known to be attainable; `explained` is the share of the variance that a line explains, if known."""

    what: Literal["minimum", "local_minimum", "infimum", "line", "constant"]
    energy: float
    explained: float | None = None


def find(problem: Problem, history: History, convergence: Convergence, learning_rate: float) -> list[Finding]:
    """The finding that E ended far above its minimum, a line's E, or a constant's."""
    reference = convergence.reference
    if reference is not None and reference.theta is None and _separates(problem, history):
        return [_separable(history, reference.train_loss)]
    if convergence.state == "diverged" or convergence.loss is None:
        return []
    first = float(history.overview.columns["train_loss"][0])
    with np.errstate(all="ignore"):
        known = _attainable(problem, convergence, first) if problem.has_data else _of_function(convergence, first)
        flat = saturated(problem, history.overview.theta[-1]) if known else []
    return [] if known is None else [_fallen_short(history, convergence, known, learning_rate, flat)]


def _fallen_short(
    history: History, convergence: Convergence, known: _Attainable, learning_rate: float, flat: list[str]
) -> Finding:
    """The finding of what is attainable. `flat` are the parameters on which the predictions hardly depend."""
    state, step, loss = convergence.state, int(history.overview.step[-1]), convergence.loss or 0.0
    evidence: dict[str, Any] = {"step": step, "energy": loss, "state": state, "learning_rate": learning_rate}
    evidence |= {"attainable": known.what, "attainable_energy": known.energy, "gap": loss - known.energy}
    attainable = WHAT[known.what].format(f"{known.energy:.4g}")
    if known.explained is not None:
        evidence["explained"] = known.explained
        attainable += f", though a straight line explains {known.explained:.0%} of the variance"
    begin = f"At step {step} E is {loss:.4g}, and {attainable}."
    if flat:
        evidence["parameters"] = flat
        sentence = f"{begin} The predictions hardly depend on {listed(flat)} there, so the gradient says nothing."
        return Finding("plateau", evidence, sentence, {})
    sentence = f"{begin} {HOW[state]}: the learning rate {learning_rate:.3g} and {step} steps do not lead there."
    return Finding(CODES.get(state, "too_few_steps"), evidence, sentence, {})


def _separates(problem: Problem, history: History) -> bool:
    """Whether the scores at the end separate the classes; of linear ones the search for a minimum has shown it.

    A perceptron that begins may go anywhere.
    """
    return problem.model.kind != "mlp" or bool(history.overview.columns["train_accuracy"][-1] == 1.0)


def _length(theta: FloatArray) -> float:
    """‖θ‖; no square overflows."""
    greatest = float(np.abs(theta).max())
    return greatest * float(np.linalg.norm(theta / greatest)) if greatest else 0.0


def _separable(history: History, infimum: float) -> Finding:
    step, length = int(history.overview.step[-1]), _length(history.overview.theta[-1])
    evidence = {"step": step, "energy": float(history.overview.columns["train_loss"][-1]), "infimum": infimum}
    evidence |= {"theta_norm": length, "l2": RIDGE}
    which = "The classes of the training rows" if infimum == 0.0 else "Some training rows"
    sentence = (
        f"{which} can be separated: the longer θ is in its direction, the less E, which falls towards {infimum:.4g} "
        f"and has no minimum. ‖θ‖ is {length:.3g} at step {step}; a penalty l2 gives E a minimum."
    )
    return Finding("separable_classes", evidence, sentence, {})


def _of_function(convergence: Convergence, first: float) -> _Attainable | None:
    """The minimum below the last step, if the descent ended far above it."""
    loss, reference = convergence.loss or 0.0, convergence.reference
    if reference is None or convergence.state == "converged":
        return None
    least = reference.train_loss
    return _Attainable("local_minimum", least) if loss - least > FAR * CLOSE * (first - least) else None


def _attainable(problem: Problem, convergence: Convergence, first: float) -> _Attainable | None:
    """The least known E, if the descent ended far above it."""
    null, loss, reference = null_energy(problem), convergence.loss or 0.0, convergence.reference
    lowest = reference is not None and not reference.train_loss > null
    if reference is not None and lowest and convergence.state != "converged":
        is_far = loss - reference.train_loss > _negligible(problem, convergence.state, null, first, reference)
        if is_far:
            return _Attainable("infimum" if reference.theta is None else "minimum", reference.train_loss)
    model, share = problem.model, 0.0
    if model.kind == "formula" or not is_convex(problem):
        share = explained(problem)
    if model.kind == "mlp" and model.task == "regression" and problem.loss.name in ("mse", "sse"):
        line = (1.0 - share) * null
        if loss > LINE * line + NOISE * null:
            return _Attainable("line", line)
    if loss >= NO_BETTER * null > 0 and share >= EXPLAINED and convergence.state != "converged":
        return _Attainable("constant", null, share)
    # The constant's E is a rounding error where all targets are the same.
    is_worse = null > 0 and loss > max(WORSE * null, null + close_to(problem, null, first, null))
    return _Attainable("constant", null) if is_worse else None


def _negligible(problem: Problem, state: str, null: float, first: float, reference: Reference) -> float:
    """The greatest gap that is no shortfall: a share of a constant's E, or less where the noise of the data is less."""
    least = reference.train_loss
    if problem.model.kind == "mlp":  # its minimum may be an overfitted one
        return POOR * null
    margin = FAR * close_to(problem, null, first, least)
    if state == "oscillating":
        margin = max(margin, NOISE * null)
    if problem.loss.name not in ("mse", "sse") or not NOISELESS * null < least < margin / PRECISE:
        return margin
    return min(margin, max(PRECISE, _confidence_region(problem.train.size, problem.model.size)) * least)


def _confidence_region(rows: int, p: int) -> float:
    """The greatest gap in the confidence region of θ, as a share of E*; infinite without a degree of freedom."""
    from scipy.special import fdtri  # noqa: PLC0415 - few runs need it, and it takes longer to import than they do

    return p / (rows - p) * float(fdtri(p, rows - p, CONFIDENCE)) if rows > p else np.inf

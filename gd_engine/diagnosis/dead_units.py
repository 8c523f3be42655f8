"""Findings of hidden units that do not learn: dead, saturated, or identical."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gd_engine.arrays import BoolArray, FloatArray
from gd_engine.diagnosis.context import DiagnosisContext, Finding, two_digits
from gd_engine.diagnosis.design_columns import SLICE_ROWS
from gd_engine.diagnosis.plateau import has_large_features, other_seed, standardized
from gd_engine.models.mlp import ACTIVATIONS, hidden_units

SATURATED = 0.01
"""A saturated unit's greatest distance from an extreme, as a share of the distance of the extremes."""


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of identical units, else that of a layer with at least half its units dead."""
    return _alike(context) or _dead_units(context) if context.problem.model.kind == "mlp" else []


def _layers(context: DiagnosisContext, theta: FloatArray) -> Iterator[list[FloatArray]]:
    """The hidden layers' outputs, each (rows, units), slice by slice of the training rows."""
    model, design = context.problem.model, context.problem.train.design
    for first in range(0, len(design), SLICE_ROWS):
        with np.errstate(all="ignore"):
            yield hidden_units(model.layers, ACTIVATIONS[model.activation], theta, design[first : first + SLICE_ROWS])


def _silent(context: DiagnosisContext, theta: FloatArray) -> list[BoolArray]:
    """For each hidden layer, a mask, shape (units,), of units at 0 (relu) or at one extreme (others) in every row."""
    least = {"relu": 0.0, "tanh": -1.0, "sigmoid": 0.0}[context.problem.model.activation]
    extremes: list[FloatArray] = []
    for layers in _layers(context, theta):
        found = [np.array([z.min(axis=0), z.max(axis=0)]) for z in layers]
        if extremes:
            pairs = zip(extremes, found, strict=True)
            found = [np.array([np.minimum(a[0], b[0]), np.maximum(a[1], b[1])]) for a, b in pairs]
        extremes = found
    if context.problem.model.activation == "relu":
        return [high <= 0.0 for _, high in extremes]
    room = SATURATED * (1.0 - least)
    return [(low >= 1.0 - room) | (high <= least + room) for low, high in extremes]


def _dead_units(context: DiagnosisContext) -> list[Finding]:
    """The finding of the first layer with at least half its units dead; a good fit may have fewer dead units."""
    silent = _silent(context, context.theta)
    bad = [layer for layer, dead in enumerate(silent) if dead.sum() >= 0.5 * len(dead)]
    if not bad:
        return []
    layer = bad[0]
    units = (np.flatnonzero(silent[layer]) + 1).tolist()
    total, activation = len(silent[layer]), context.problem.model.activation
    from_start = bool(_silent(context, context.theta0)[layer].sum() >= 0.5 * total)
    state = "0" if activation == "relu" else "at one end of its range"
    evidence = {"layer": layer + 1, "units": units, "count": len(units), "of": total, "activation": activation}
    evidence |= {"from_start": from_start, "learning_rate": context.rate}
    change, why = _revived(context, from_start=from_start)
    sentence = (
        f"{len(units)} of the {total} {activation} units of hidden layer {layer + 1} are each {state} in every "
        f"training row, so their gradient is {'0' if activation == 'relu' else 'almost 0'} and they learn nothing; "
        f"{why}."
    )
    return [Finding("dead_units", evidence, sentence, change)]


def _revived(context: DiagnosisContext, *, from_start: bool) -> tuple[dict[str, Any], str]:
    if not from_start:
        smaller = two_digits(0.1 * context.rate)
        return {"descent": {"learning_rate": smaller}}, "they were not at the start: the learning rate drove them there"
    if context.choices.own_theta0:
        return {"descent": {"theta0": None}}, "they were so from the start: θ₀ put them there"
    if has_large_features(context):
        return standardized(context), "the features are large numbers, and so are the sums that the units take of them"
    if context.problem.model.activation == "relu":
        return {"model": {"activation": "tanh"}}, "they were so from the start; tanh has no flat half"
    return other_seed(context), "they were so from the start"


def _alike(context: DiagnosisContext) -> list[Finding]:
    """The finding of units with identical initial weights: their gradients are identical too."""
    model = context.problem.model
    (features, units), *_ = model.layers
    begin, end = (theta[: (features + 1) * units].reshape(-1, units) for theta in (context.theta0, context.theta))
    if units < 2 or not (begin == begin[:, :1]).all() or not np.allclose(end, end[:, :1], rtol=1e-6, atol=1e-12):
        return []
    evidence = {"energy": float(context.energy[-1]), "constant_energy": context.null, "layer": 1, "units": units}
    evidence["step"] = context.steps
    sentence = (
        f"The {units} units of hidden layer 1 began with the same weights, so their gradients are the same and "
        f"they are still alike at step {context.steps}: the layer does no more than one unit would. A random θ₀ tells "
        "them apart."
    )
    return [Finding("plateau", evidence, sentence, {"descent": {"theta0": None}})]

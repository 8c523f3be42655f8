"""Remedies for a descent that went wrong: changes to try after that of its finding."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gd_engine import MOST_SEARCHED, MOST_TRIED, TOO_SHORT, Cost, null_energy, search_theta0
from gd_engine.arrays import FloatArray
from service.core.json_patch import Patch
from service.worker.budget import Budget
from service.worker.trial_runs import Descended

FLAT = ("plateau", "dead_units")
"""The findings of a place where E is flat, so that no descent goes on from there."""
HELD_BACK = (*TOO_SHORT, *FLAT, "weight_decay")
"""The findings of steps that are too short or too few; after others a lower rate is tried."""
ADAPTIVE = ("adam", "adamw", "rmsprop", "adagrad")
LONGER, MOST_STEPS = 10, 100_000
STEPS = 2000
"""The steps of a new start, if the run had fewer."""
STEPS_TO_TARGET = 50
"""The steps in which an adaptive method goes as far as the target is from 0, since a step is about as long as the rate:
few of STEPS, so that the others settle there, and more than the ten in which adam's averages form."""
FAR_BEYOND_BEND = 100.0
"""The error of a constant prediction, as a multiple of huber's δ, from which the loss counts as linear. A step with the
rate 1/λmax of the bend goes no further than δ on standardised data: it would need as many steps."""
CALM: Patch = {"clip_norm": None, "stop": None}
DEFAULT_START: Patch = {"theta0": None}


def remedies(before: Descended, code: str, cost: Cost, budget: Budget) -> list[Patch]:
    """The changes to try for a finding about a descent: the surest first, since time is short."""
    run, problem, rate = before.run, before.problem, before.learning_rate
    descent: dict[str, Any] = dict(run.request["descent"])
    if code in HELD_BACK:
        found: list[Patch] = [{"descent": {"learning_rate": _rounded(rate * factor)}} for factor in (10, 100, 1000)]
        found = found if descent["optimizer"]["kind"] in ADAPTIVE or problem.loss.name == "mae" else found[:1]
        found.append({"descent": {"steps": min(LONGER * descent["steps"], MOST_STEPS)}})
    else:
        found = [{"descent": {"learning_rate": _rounded(rate * factor)}} for factor in (0.1, 0.01, 0.001)]
    return [*_searched_starts(before, descent, cost, budget), *_new_settings(before, descent, code), *found]


def _new_settings(before: Descended, descent: Mapping[str, Any], code: str) -> list[Patch]:
    """Settings that do well for the kind of model, on standardised data where that has a meaning.

    A formula goes on from its last step if that is lower.
    """
    problem, model = before.problem, before.problem.model
    data: Patch = {}
    more: Patch = {**CALM, "steps": max(descent["steps"], STEPS)}
    if problem.has_data:  # of a function, the start is part of the question
        more = {**more, **DEFAULT_START}
    if model.kind not in ("formula", "function"):
        target = model.kind == "mlp" and model.task == "regression"
        data = {"standardize": {"features": True, "target": True} if target else True}
    if model.kind in ("linear", "polynomial", "logistic", "softmax") and not _is_absolute(before):
        method: Patch = {"kind": "fista"} if problem.penalty.l1 > 0 else {"kind": "nesterov", "momentum": 0.9}
        kinds = _kinds(descent, method, {"kind": "constant"})
        return [{**data, "descent": {**more, "batch_size": None, "learning_rate": "auto", **kinds}}]
    adam = _kinds(descent, {"kind": "adam"}, {"kind": "cosine"})
    rates = [0.05, 0.5]
    if model.kind in ("linear", "polynomial"):  # on standardised data the intercept has to go as far as the target is
        far = float(np.sqrt(np.mean(np.square(problem.train.y))))
        rates = [_rounded(far / STEPS_TO_TARGET), _rounded(10.0 * far / STEPS_TO_TARGET)]
    found: list[Patch] = [{**data, "descent": {**more, "learning_rate": rate, **adam}} for rate in rates]
    if model.kind in ("formula", "function"):  # few parameters, whose E is nearly quadratic close to its minimum
        nesterov = _kinds(descent, {"kind": "nesterov", "momentum": 0.9}, {"kind": "constant"})
        go_on = _last_step(before) if code not in FLAT else {}
        found.insert(0, {"descent": {**more, **go_on, "batch_size": None, "learning_rate": "auto", **nesterov}})
    return found


def _last_step(before: Descended) -> Patch:
    """The start at the last step of a formula's descent that lowered E: there a rate by the curvature suits."""
    if not (before.problem.has_data and before.last("train_loss") < before.first("train_loss")):
        return {}
    return {"theta0": _named(before, before.history.overview.theta[-1])}


def _named(before: Descended, theta: FloatArray) -> dict[str, float]:
    return dict(zip(before.problem.model.parameters, theta.tolist(), strict=True))


def _is_absolute(before: Descended) -> bool:
    """Whether E is a sum of absolute errors, or nearly, as huber's loss is of errors far beyond δ, where it is δ|r|."""
    loss, delta = before.problem.loss.name, before.run.request["objective"].get("delta", 0.0)
    return loss == "mae" or (loss == "huber" and null_energy(before.problem) > FAR_BEYOND_BEND * delta**2)


def _searched_starts(before: Descended, descent: Mapping[str, Any], cost: Cost, budget: Budget) -> list[Patch]:
    """Settings for a formula with few parameters, from the best θ₀ of a search, if it begins lower than E ended."""
    problem, size = before.problem, before.problem.model.size
    if problem.model.kind != "formula" or size > MOST_SEARCHED:
        return []
    price = MOST_TRIED * cost.evaluation
    if price > 0.5 * budget.left:
        return []
    budget.charge(price)
    energy, theta = search_theta0(problem, np.ones(size))
    if energy >= before.last("train_loss"):
        return []
    more = {**CALM, "steps": max(descent["steps"], STEPS)}
    more["theta0"] = _named(before, theta)
    adam = _kinds(descent, {"kind": "adam"}, {"kind": "cosine"})
    gd = _kinds(descent, {"kind": "gd"}, {"kind": "backtracking"})
    settings: list[Patch] = [{"learning_rate": 0.05, **adam}, {"learning_rate": 1.0, "batch_size": None, **gd}]
    return [{"descent": {**more, **each}} for each in settings]


def _kinds(descent: Mapping[str, Any], optimizer: Patch, schedule: Patch) -> Patch:
    """The patch to another optimiser and another schedule, without the fields of those before."""
    return {"optimizer": _instead(descent["optimizer"], optimizer), "schedule": _instead(descent["schedule"], schedule)}


def _instead(old: Mapping[str, Any], new: Patch) -> Patch:
    return {**{name: None for name in old if name not in new}, **new}


def _rounded(rate: float) -> float:
    return float(f"{rate:.2e}")

"""Remedies for a descent that went wrong: changes to try after that of its finding."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gd_engine import MOST_SEARCHED, OPTIMIZERS, Problem, searched
from service.core.json_patch import Patch
from service.core.run_record import Run

SLOW = ("too_few_steps", "ill_conditioned", "plateau", "dead_units", "weight_decay")
ADAPTIVE = ("adam", "adamw", "rmsprop", "adagrad")
LONGER, MOST_STEPS = 10, 100_000
STEPS = 2000
"""The steps of a new start, if the run had fewer."""
CALM: Patch = {"clip_norm": None, "stop": None, "theta0": None}


def remedies(run: Run, problem: Problem, rate: float, energy: float, code: str) -> list[Patch]:
    """The changes to try for a finding about a descent that ended at this E: the surest first, since time is short."""
    descent: dict[str, Any] = dict(run.request["descent"])
    if code in SLOW:
        found: list[Patch] = [{"descent": {"learning_rate": _rounded(rate * factor)}} for factor in (10, 100, 1000)]
        found = found if descent["optimizer"]["kind"] in ADAPTIVE or problem.loss.name == "mae" else found[:1]
        found.append({"descent": {"steps": min(LONGER * descent["steps"], MOST_STEPS)}})
    else:
        found = [{"descent": {"learning_rate": _rounded(rate * factor)}} for factor in (0.1, 0.01, 0.001)]
    return [*_new_starts(problem, descent, energy), *found]


def _new_starts(problem: Problem, descent: Mapping[str, Any], energy: float) -> list[Patch]:
    """Settings that do well for the kind of model, on standardised data where that has a meaning."""
    model = problem.model
    data: Patch = {}
    if model.kind not in ("formula", "function"):
        target = model.kind == "mlp" and model.task == "regression"
        data = {"standardize": {"features": True, "target": True} if target else True}
    more: Patch = {**CALM, "steps": max(descent["steps"], STEPS)}
    if model.kind in ("linear", "polynomial", "logistic", "softmax") and problem.loss.name != "mae":
        proximal = problem.penalty.l1 > 0 and "fista" in OPTIMIZERS
        method: Patch = {"kind": "fista"} if proximal else {"kind": "nesterov", "momentum": 0.9}
        kinds = _kinds(descent, method, {"kind": "constant"})
        return [{**data, "descent": {**more, "batch_size": None, "learning_rate": "auto", **kinds}}]
    adam = _kinds(descent, {"kind": "adam"}, {"kind": "cosine"})
    started: list[Patch] = [{**data, "descent": {**more, "learning_rate": rate, **adam}} for rate in (0.05, 0.5)]
    if model.kind != "formula" or model.size > MOST_SEARCHED:
        return started
    better, theta = searched(problem, np.ones(model.size))
    if better >= energy:
        return started
    theta0 = dict(zip(model.parameters, theta.tolist(), strict=True))
    gd = _kinds(descent, {"kind": "gd"}, {"kind": "backtracking"})
    begun: list[Patch] = [{"learning_rate": 0.05, **adam}, {"learning_rate": 1.0, "batch_size": None, **gd}]
    begun = [{"descent": {**more, "theta0": theta0, **each}} for each in begun]
    return begun + started


def _kinds(descent: Mapping[str, Any], optimizer: Patch, schedule: Patch) -> Patch:
    """The patch to another optimiser and another schedule, without the fields of those before."""
    return {"optimizer": _instead(descent["optimizer"], optimizer), "schedule": _instead(descent["schedule"], schedule)}


def _instead(old: Mapping[str, Any], new: Patch) -> Patch:
    return {**{name: None for name in old if name not in new}, **new}


def _rounded(rate: float) -> float:
    return float(f"{rate:.2e}")

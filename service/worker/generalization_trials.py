"""Trials for findings of the prediction error: the step to stop at, and a penalty.

They are judged by validation rows. Test rows would no longer measure the error on new data if a choice were made by
them; so a run without validation rows gets a split with some as a part of the change.
"""

from typing import NamedTuple

import numpy as np

from gd_engine import Finding
from service.core.json_patch import Patch, composed
from service.worker.budget import Budget
from service.worker.offers import Offer, TrialRuns, is_better, offer_of
from service.worker.trial_descent import Descended

CRITERION = "validation_mse"
FRACTION = 0.2
"""The fraction of training rows that a change holds out for validation."""
NOTICEABLE = 1e-3
CLEARLY = 0.01
"""The least relative rise after the best step of a trial that was cut short."""


class _Baseline(NamedTuple):
    """The descent without another change than the split, and its step with the least validation error."""

    change: Patch
    descended: Descended
    best_step: int
    best: float

    @property
    def last(self) -> float:
        return self.descended.last(CRITERION)


def offer(finding: Finding, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The change that lowered the validation error most; None if none did."""
    base = _baseline(runs, budget.part(0.5))
    if base is None:
        return None
    found = [_stopped(base, runs, budget.part(0.5))] if finding.code == "overfitting" else []
    found.append(_penalised(finding, base, runs, budget))
    offers = [each for each in found if each is not None]
    return min(offers, key=lambda each: each.promise["after"] or 0.0, default=None)


def only_overfits(before: Descended, after: Descended) -> bool:
    """Whether the validation error of a descent that goes further is greater: then it was no fault to end there."""
    went_on = is_better(after.last("train_loss"), before.last("train_loss"))
    return went_on and is_better(before.last(CRITERION), after.last(CRITERION), NOTICEABLE)


def _baseline(runs: TrialRuns, budget: Budget) -> _Baseline | None:
    own = runs.descended
    change: Patch = {}
    if not own.problem.validation.size:
        change = {"split": {"validation_fraction": FRACTION}}
        tried = runs.of(change, budget)
        if tried is None or not tried.problem.validation.size:
            return None
        own = tried
    column = own.history.overview.columns[CRITERION]
    if not len(column) or not np.isfinite(column).all():
        return None
    place = int(np.argmin(column))
    return _Baseline(change, own, int(own.history.overview.step[place]), float(column[place]))


def _stopped(base: _Baseline, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The offer to stop at the step with the least validation error."""
    before = runs.descended.last(CRITERION)
    if base.best_step == 0 or not is_better(base.best, base.last, CLEARLY):
        return None
    change = composed(base.change, {"descent": {"steps": base.best_step}})
    if base.descended.run.request["descent"]["schedule"]["kind"] != "cosine":
        return offer_of(change, CRITERION, before, base.best, base.best_step) if runs.changed(change) else None
    found = runs.of(change, budget)
    if found is None or found.outcome is None or not is_better(found.last(CRITERION), base.last):
        return None
    return offer_of(change, CRITERION, before, found.last(CRITERION), base.best_step)


def _penalised(finding: Finding, base: _Baseline, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The offer of the penalty that the finding names, if the validation error ends lower with it."""
    change = composed(base.change, {"objective": {"l2": finding.evidence["l2"]}})
    found = runs.of(change, budget)
    if found is None or found.outcome is None or found.outcome.reason == "diverged":
        return None
    after = found.last(CRITERION)
    if not is_better(after, base.last) or any(each.code == finding.code for each in found.findings()):
        return None
    return offer_of(change, CRITERION, runs.descended.last(CRITERION), after, found.step or 0)

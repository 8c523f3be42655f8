"""Trials of the changes that findings offer: the worker does what the change says, and the finding says what it gave.

A descent is deterministic. So a trial gives the numbers that a client will see who submits the change. A change is
offered only if the service accepts it and it makes its criterion better. A change that only stops a descent earlier
takes no trial: its steps are those of the descent.

The criterion of a finding about the descent is E. That of one about the prediction error is the error of validation
rows: test rows would no longer measure the error on new data if a choice were made by them. A run without validation
rows gets a split with some as a part of the change.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple, cast

import numpy as np

from gd_engine import FEW_TEST_ROWS, OF_COLUMNS, TOO_SHORT, Finding, null_energy
from service.core import run_record
from service.core.json_patch import Patch, composed
from service.core.run_record import Promise
from service.worker.budget import Budget
from service.worker.remedies import remedies
from service.worker.trial_runs import Descended, Trial, TrialRuns

GENERALIZATION = ("overfitting", "separable_classes")
"""The findings of the prediction error; all others are about the descent, or about its columns."""
WITHOUT_REMEDY = (*OF_COLUMNS, "unbounded")
"""The findings that no other setting of the descent corrects."""
NOT_OF_DESCENT = (*GENERALIZATION, *OF_COLUMNS)
"""The findings that are not about the descent: a trial may have them, too."""
FINDING_SHARE = 0.7
"""The share of the budget for a finding that others follow: it is the more important one."""
OWN_SHARE = 0.6
"""The share of its budget for the change of the finding itself; the rest is for the remedies."""
REMEDY_SHARE = 0.6
"""The share of the rest for each remedy: the surest is tried first, and with most steps."""
MOST_ROUNDS = 3
"""The changes that are laid one over another: that of the finding, and those of the findings of its trial."""
ROUNDING = 1e-9
"""The relative difference of two values of a criterion that may be rounding."""
ZERO = 1e-12
"""A difference of E, as a share of E of a constant prediction, that may be rounding."""
PROGRESS = 0.01
"""The least relative gain of a change after which the same finding comes back."""
VALIDATION_ERROR = "validation_mse"
VALIDATION_FRACTION = 0.2
"""The fraction of training rows that a change holds out for validation."""
NOTICEABLE = 1e-3
"""The least relative rise of the validation error after which going further only overfits."""
CLEARLY = 0.01
"""The least relative rise after the best step for which the step is offered."""


class Offer(NamedTuple):
    """A change that the service accepts, and its promise: the criterion at the end of the changed run."""

    change: Patch
    promise: Promise


def untried(findings: Sequence[Finding]) -> list[run_record.Finding]:
    """The findings as they are stored before their trials: without a change."""
    return [stored(finding, None) for finding in findings]


def with_offers(findings: Sequence[Finding], runs: TrialRuns, budget: Budget) -> list[run_record.Finding]:
    """The findings after their trials, which share the budget. A finding that its trial refutes is left out."""
    found = []
    with np.errstate(all="ignore"):  # a change may lead anywhere
        for place, finding in enumerate(findings):
            part = budget.part(1.0 if place == len(findings) - 1 else FINDING_SHARE)
            if finding.code in GENERALIZATION:
                found.append(stored(finding, _generalizing(finding, runs, part)))
                continue
            trials = _Trials(finding, runs)
            trials.run(part)
            if not trials.is_refuted:
                found.append(stored(finding, trials.best))
    return found


def stored(finding: Finding, offer: Offer | None) -> run_record.Finding:
    """The stored form of a finding, with what it offers."""
    fields = {"code": finding.code, "evidence": finding.evidence, "sentence": finding.sentence}
    change, promise = (None, None) if offer is None else offer
    return cast("run_record.Finding", {**fields, "change": change, "promise": promise})


class _Trials:
    """The trials of the change of one finding about the descent, each with the change of the trial before.

    `best` is the last offer that made the criterion better. The finding `is_refuted` if going further only overfits.
    """

    def __init__(self, finding: Finding, runs: TrialRuns) -> None:
        self._finding, self._runs = finding, runs
        problem = runs.descended.problem
        self._rounding = ZERO * null_energy(problem) if problem.has_data else 0.0
        self.best: Offer | None = None
        self.is_refuted = False
        self._is_clean = False

    def run(self, budget: Budget) -> None:
        """Tries the change of the finding, then the remedies, then the change with the steps that are left for it."""
        own = self._finding.change
        if own:
            self._follow(own, budget.part(OWN_SHARE), shorten=False)
        if self._finding.code in WITHOUT_REMEDY:
            return
        for change in remedies(self._runs.descended, self._finding.code, self._runs.cost, budget):
            if self._is_over(budget):
                return
            self._follow(change, budget.part(REMEDY_SHARE))
        if own and not self._is_over(budget):
            self._follow(own, budget)

    def _is_over(self, budget: Budget) -> bool:
        return self._is_clean or self.is_refuted or budget.left <= 0

    def _follow(self, change: Mapping[str, object], budget: Budget, *, shorten: bool = True) -> None:
        """Tries a change, then with it that of a finding of its trial, and so on."""
        for _ in range(MOST_ROUNDS):
            trial = self._runs.of(change, budget, shorten=shorten)
            if trial is None or self.is_refuted:
                break
            found = self._runs.findings(trial.descended, budget)
            faults = [each for each in found if each.code not in NOT_OF_DESCENT]
            self._consider(trial, faults)
            if not faults or not faults[0].change:
                break
            change = composed(trial.change, faults[0].change)

    def _consider(self, trial: Trial, faults: Sequence[Finding]) -> None:
        before, found = self._runs.descended, trial.descended
        if self._finding.code in TOO_SHORT and _only_overfits(before, found):
            self.is_refuted, self.best = True, None
            return
        if found.outcome.reason == "diverged":
            return
        criterion = _criterion(before, found)
        again = any(fault.code == self._finding.code for fault in faults)
        after, best = found.last(criterion), self.best
        worst = np.fmin(before.last(criterion), before.first(criterion))
        if not _is_better(after, worst, PROGRESS if again else ROUNDING) or worst - after <= self._rounding:
            return
        if best is None or not faults or after < cast("float", best.promise["after"]):
            self.best = _offer(trial, before, criterion)
            self._is_clean = not faults


def _criterion(before: Descended, after: Descended) -> str:
    """E, unless the change makes it that of another target."""
    return "train_loss" if before.problem.target == after.problem.target else "train_mse"


def _only_overfits(before: Descended, after: Descended) -> bool:
    """Whether the validation error of a descent that goes further is greater: then it was no fault to end there."""
    went_on = _is_better(after.last("train_loss"), before.last("train_loss"))
    return went_on and _is_better(before.last(VALIDATION_ERROR), after.last(VALIDATION_ERROR), NOTICEABLE)


def _generalizing(finding: Finding, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The step to stop at, or the penalty, that lowered the validation error most; None if neither did."""
    base = _validated(runs, budget.part(0.5))
    if base is None:
        return None
    offers = [_stopped(base, runs, budget.part(0.5))] if finding.code == "overfitting" else []
    offers.append(_penalised(finding, base, runs, budget))
    return min((each for each in offers if each), key=lambda each: each.promise["after"] or 0.0, default=None)


def _validated(runs: TrialRuns, budget: Budget) -> Trial | None:
    """The run, or a trial of it with validation rows if it has none; None if it cannot have a validation error.

    The error of fewer than FEW_TEST_ROWS rows promises nothing.
    """
    found: Trial | None = Trial({}, runs.descended)
    if not runs.descended.problem.validation.size:
        found = runs.of({"split": {"validation_fraction": VALIDATION_FRACTION}}, budget)
    if found is None or found.descended.problem.validation.size < FEW_TEST_ROWS:
        return None
    return found if np.isfinite(found.descended.history.overview.columns[VALIDATION_ERROR]).all() else None


def _stopped(base: Trial, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The offer to stop at the step with the least validation error; None if the end is as good."""
    overview = base.descended.history.overview
    column = overview.columns[VALIDATION_ERROR]
    place = int(np.argmin(column))
    step, least = int(overview.step[place]), float(column[place])
    if step == 0 or not _is_better(least, base.descended.last(VALIDATION_ERROR), CLEARLY):
        return None
    change = composed(base.change, {"descent": {"steps": step}})
    if base.descended.run.request["descent"]["schedule"]["kind"] != "cosine":  # the same steps, which are known
        accepted = runs.accepts(change, budget)
        return _promised(change, runs.descended, VALIDATION_ERROR, least, step) if accepted else None
    trial = runs.of(change, budget)
    if trial is None or not _is_better(trial.descended.last(VALIDATION_ERROR), base.descended.last(VALIDATION_ERROR)):
        return None
    return _offer(trial, runs.descended, VALIDATION_ERROR)


def _penalised(finding: Finding, base: Trial, runs: TrialRuns, budget: Budget) -> Offer | None:
    """The offer of the penalty that the finding names, if the validation error ends lower with it."""
    trial = runs.of(composed(base.change, {"objective": {"l2": finding.evidence["l2"]}}), budget)
    if trial is None or trial.descended.outcome.reason == "diverged":
        return None
    is_again = any(each.code == finding.code for each in runs.findings(trial.descended, budget))
    after = trial.descended.last(VALIDATION_ERROR)
    if is_again or not _is_better(after, base.descended.last(VALIDATION_ERROR)):
        return None
    return _offer(trial, runs.descended, VALIDATION_ERROR)


def _offer(trial: Trial, before: Descended, criterion: str) -> Offer:
    return _promised(trial.change, before, criterion, trial.descended.last(criterion), trial.descended.step or 0)


def _promised(change: Patch, before: Descended, criterion: str, after: float, steps: int) -> Offer:
    value = before.last(criterion)
    first = value if isfinite(value) else None
    return Offer(change, {"criterion": criterion, "before": first, "after": after, "steps": steps})


def _is_better(after: float, before: float, least: float = ROUNDING) -> bool:
    """Whether a value is lower than another by more than a share of it. A finite one is lower than none."""
    if not isfinite(after):
        return False
    return not isfinite(before) or before - after > least * max(abs(before), abs(after))

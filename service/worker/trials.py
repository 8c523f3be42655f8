"""Trials of the changes that findings offer: the worker does what the change says, and the finding says what it gave.

A descent is deterministic. So k steps of the changed request give the numbers that a client will see at step k. A
change is offered only if the service accepts it and it makes its criterion better.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from gd_engine import Finding, null_energy
from service.core import run_record
from service.core.json_patch import composed
from service.worker import generalization_trials
from service.worker.budget import Budget
from service.worker.offers import ROUNDING, Offer, TrialRuns, is_better, offer_of
from service.worker.remedies import remedies
from service.worker.trial_descent import Descended

GENERALIZATION = ("overfitting", "separable_classes")
"""The findings of the prediction error; all others are about the descent, or about its columns."""
OF_COLUMNS = ("constant_column", "duplicate_columns")
"""The findings that a good descent may have, too."""
TOO_SHORT = ("too_few_steps", "ill_conditioned")
OTHERS = (*GENERALIZATION, *OF_COLUMNS)
PASSING = 0.05
"""The rise of the criterion after its least in a trial, as a share of its gain there, that may go on."""
OWN_SHARE = 0.5
"""The share of the budget for the change of the finding itself; the rest is for the remedies."""
MOST_ROUNDS = 4
"""The changes that are laid one over another: that of the finding, and those of the findings of its trial."""
ZERO = 1e-12
"""A difference of E, as a share of E of a constant prediction, that may be rounding."""
PROGRESS = 0.01
"""The least relative gain of a change after which the same finding comes back."""


def untried(findings: Sequence[Finding]) -> list[run_record.Finding]:
    """The findings as they are stored before their trials: without a change."""
    return [stored(finding, None) for finding in findings]


def with_shortfall(findings: Sequence[Finding], short: Sequence[Finding], state: str) -> list[Finding]:
    """The findings, with those of a reference minimum if there are none about the descent, or only of its length.

    Separable classes have no minimum, so that a descent towards it is always too short. One that reached its minimum is
    not, however fast E fell.
    """
    if state == "converged":
        findings = [each for each in findings if each.code not in TOO_SHORT]
    codes = {finding.code for finding in short}
    if "separable_classes" in codes:
        kept = [each for each in findings if each.code not in (*codes, *TOO_SHORT)]
        return [*([each for each in findings if each.code in codes] or short), *kept]
    return [*findings] if any(each.code not in OF_COLUMNS for each in findings) else [*findings, *short]


def with_offers(findings: Sequence[Finding], runs: TrialRuns, budget: Budget) -> list[run_record.Finding]:
    """The findings after their trials, which share the budget. A finding that its trial refutes is left out."""
    found = []
    with np.errstate(all="ignore"):  # a change may lead anywhere
        for place, finding in enumerate(findings):
            part = budget.part(1.0 / (len(findings) - place))
            if finding.code in GENERALIZATION:
                found.append(stored(finding, generalization_trials.offer(finding, runs, part)))
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
        """Tries the change of the finding, then the remedies."""
        if self._finding.change:
            self._follow(self._finding.change, budget.part(OWN_SHARE))
        if self._finding.code in OF_COLUMNS:
            return
        for change in remedies(self._runs.descended, self._finding.code, budget):
            if self._is_clean or self.is_refuted or budget.left <= 0:
                break
            self._follow(change, budget)

    def _follow(self, change: Mapping[str, object], budget: Budget) -> None:
        """Tries a change, then with it that of a finding of its trial, and so on."""
        change = dict(change)
        for _ in range(MOST_ROUNDS):
            found = self._runs.of(change, budget)
            if found is None or self.is_refuted:
                break
            known = self._runs.findings(found) if budget.left > self._runs.diagnosis_seconds else []
            faults = [each for each in known if each.code not in OTHERS]
            self._consider(change, found, faults)
            if not faults or not faults[0].change:
                break
            change = composed(change, faults[0].change)

    def _consider(self, change: dict[str, object], found: Descended, faults: Sequence[Finding]) -> None:
        before, criterion = self._runs.descended, _criterion(self._runs.descended, found)
        if self._finding.code in TOO_SHORT and generalization_trials.only_overfits(before, found):
            self.is_refuted, self.best = True, None
            return
        if found.outcome is not None and found.outcome.reason == "diverged":
            return
        again = any(fault.code == self._finding.code for fault in faults)
        after, best = found.last(criterion), self.best
        worst = np.fmin(before.last(criterion), _first(before, criterion))
        if not is_better(after, worst, PROGRESS if again else ROUNDING) or worst - after <= self._rounding:
            return
        least = _least(found, criterion)
        if found.outcome is None and after - least > PASSING * (worst - least):  # the rest may be worse still
            return
        is_clean = found.outcome is not None and not faults
        if best is None or is_clean or after < cast("float", best.promise["after"]):
            self.best = offer_of(change, criterion, before.last(criterion), after, found.step or 0)
            self._is_clean = is_clean


def _criterion(before: Descended, after: Descended) -> str:
    """E, unless the change makes it that of another target."""
    return "train_loss" if before.problem.target == after.problem.target else "train_mse"


def _least(found: Descended, criterion: str) -> float:
    return float(np.nanmin(found.history.overview.columns[criterion]))


def _first(found: Descended, criterion: str) -> float:
    column = found.history.overview.columns[criterion]
    return float(column[0]) if len(column) else np.nan

"""Offers: changes of a request with what they gave in a trial."""

from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

from gd_engine import Finding, FormulaError, NoLearningRateError
from gd_engine.reference import BudgetSpentError, Reference, find_shortfall, is_convex, judge
from service.core.exceptions import ApiError
from service.core.json_patch import Patch
from service.core.run_record import Number, Promise, Run
from service.core.settings import Settings
from service.jobs.changes import changed_run
from service.storage.database import Database
from service.storage.errors import GoneError
from service.worker.budget import Budget
from service.worker.trial_descent import Descended, tried

ROUNDING = 1e-9
"""The relative difference of two values of a criterion that may be rounding."""
REFUSED = (ApiError, NoLearningRateError, FormulaError, GoneError, BudgetSpentError, MemoryError, ValueError)
"""The errors of a change that the service refuses, that does not begin, or that does not fit."""


class Offer(NamedTuple):
    """A change, and its promise: the criterion at step `steps` of the changed run, which was tried."""

    change: Patch
    promise: Promise


class TrialRuns:
    """Trials of changes of one finished descent."""

    def __init__(
        self,
        descended: Descended,
        reference: Reference | None,
        database: Database,
        settings: Settings,
        diagnosis_seconds: float = 0.0,
    ) -> None:
        self.descended, self.diagnosis_seconds = descended, diagnosis_seconds
        self._reference = reference
        self._database, self._settings = database, settings

    def findings(self, found: Descended) -> list[Finding]:
        """The diagnosis of a trial that came to its end, with the known minimum where it is the same."""
        if found.outcome is None:
            return []
        findings = found.findings()
        if findings or found.outcome.reason == "diverged":
            return findings
        reference = self._reference if self._has_same_minimum(found) else None
        convergence = judge(found.problem, found.outcome, found.history, reference)
        return find_shortfall(found.problem, found.history, convergence, found.learning_rate)

    def _has_same_minimum(self, found: Descended) -> bool:
        """Whether E of a trial has the least value of that of the run."""
        names = ("function", "dataset", "model", "split", "objective")
        old, new = self.descended, found
        same = all(old.run.request.get(name) == new.run.request.get(name) for name in names)
        unscaled = old.problem.target == new.problem.target and not any(old.problem.penalty)
        return same and unscaled and is_convex(old.problem)

    def changed(self, change: Mapping[str, object]) -> Run | None:
        """The run with a change; None if the service refuses it."""
        try:
            return changed_run(self.descended.run, change, self._database, self._settings)
        except REFUSED:
            return None

    def of(self, change: Mapping[str, object], budget: Budget) -> Descended | None:
        """The changed descent, as far as the budget goes; None for one that is refused, or changes nothing."""
        run = self.changed(change)
        if run is None or run.request == self.descended.run.request:
            return None
        try:
            found = tried(run, self.descended, self._database, budget)
        except REFUSED:
            return None
        return None if found.step is None else found


def offer_of(change: Patch, criterion: str, before: float, after: float, steps: int) -> Offer:
    """The offer of a change that gave `after` at step `steps`."""
    first: Number = before if isfinite(before) else None
    return Offer(change, {"criterion": criterion, "before": first, "after": after, "steps": steps})


def is_better(after: float, before: float, least: float = ROUNDING) -> bool:
    """Whether a value is lower than another by more than a share of it. A finite one is lower than none."""
    if not isfinite(after):
        return False
    return not isfinite(before) or before - after > least * max(abs(before), abs(after))

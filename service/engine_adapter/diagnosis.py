"""Diagnosis of a run's descent."""

from gd_engine import DescentConfig, Finding, History, Outcome, Problem, diagnose
from service.core.run_record import Run
from service.engine_adapter.factory import choices_of


def findings_of(run: Run, problem: Problem, config: DescentConfig, outcome: Outcome, history: History) -> list[Finding]:
    """The findings of a finished descent, by what the user of the run chose."""
    choices, features = choices_of(run.request, problem.model), run.dataset_features
    return diagnose(problem, config, outcome, history, choices=choices, features=features)

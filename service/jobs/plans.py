"""Plans of requests: on the data of a dataset, or of a function without data."""

from typing import Protocol

from service.core.column_choice import Choice
from service.core.run_request import AskedRequest
from service.core.settings import Settings
from service.jobs.function_validation import FunctionPlanner
from service.jobs.validation import DataPlanner, Plan, of_data


class Planner(Protocol):
    """Plans requests that have their data, or their function, in common."""

    def plan(self, asked: AskedRequest) -> Plan:
        """The plan of a request. Raises InvalidError for the first invalid field."""


def planner_of(asked: AskedRequest, facts: Choice | None, settings: Settings, *, inline: bool) -> Planner:
    """The planner of a request and of others with the same data; `facts` are None for a function."""
    if facts is None:
        return FunctionPlanner(asked, settings)
    return DataPlanner(facts, settings, of_data(asked["dataset"], inline=inline))


def make(asked: AskedRequest, facts: Choice | None, settings: Settings, *, inline: bool) -> Plan:
    """The plan of a request. Raises InvalidError for the first invalid field."""
    return planner_of(asked, facts, settings, inline=inline).plan(asked)

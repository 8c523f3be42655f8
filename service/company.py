"""Which runs of a sweep a worker descends abreast with the one in its hands.

They stay in the queue meanwhile. Their steps are on the worker's shelf when it claims them; where another worker does,
or this one dies, they are computed again.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gd_engine import FEWEST, Company, NoLearningRateError, Recipe, State, most_abreast, start
from service.modelling import Request, recipe_of, theta0_of
from service.preparation import Prepared, Shelf, rate_of
from service.store import runs
from service.store.database import Database

MAY_VARY = ("/descent/learning_rate", "/descent/optimizer/momentum", "/descent/theta0")
"""What leaves the problem as it is, and the steps of the descents alike."""


def company_of(database: Database, run: Any, prepared: Prepared, shelf: Shelf, workers: int) -> Company | None:
    """The company that a claimed run goes in, which is on the shelf; None if it goes alone."""
    if run.sweep is None or run.rows_done > 0 or run.losses > 0:
        return None
    if shelf.company is None or run.seq not in shelf.company.numbers:
        shelf.company = _gathered(database, run, prepared, workers)
    return shelf.company


def _gathered(database: Database, run: Any, prepared: Prepared, workers: int) -> Company | None:
    most = most_abreast(prepared.problem, prepared.recipe)
    # A deadline is a run's own, and would pass while the others are computed too.
    if most == 0 or run.request["deadline_seconds"] is not None or not _alike(run.sweep["values"]):
        return None
    with database.reading() as connection:
        held, waiting = runs.beside(connection, run)
    descents = {run.seq: (prepared.recipe, prepared.state)}
    for other in _share(waiting, held, workers)[: most - 1]:
        with suppress(NoLearningRateError):  # it will fail, when it is claimed
            descents[other.seq] = _beginning(other.request, prepared)
    if len(descents) < FEWEST:
        return None
    try:
        return Company(prepared.problem, descents)
    except NotImplementedError:
        return None


def _alike(varied: Sequence[str]) -> bool:
    return all(any(pointer == own or pointer.startswith(f"{own}/") for own in MAY_VARY) for pointer in varied)


def _share(waiting: Sequence[Any], held: int, workers: int) -> Sequence[Any]:
    """One worker's, so that not all of them compute the same."""
    return waiting[(held - 1) % max(workers, held) :: max(workers, held)]


def _beginning(request: Request, prepared: Prepared) -> tuple[Recipe, State]:
    theta0 = theta0_of(request, prepared.problem.model)
    recipe = recipe_of(request, rate_of(request, prepared.problem, theta0))
    return recipe, start(theta0, recipe.optimizer)

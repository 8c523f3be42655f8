"""Which runs of a sweep a worker descends abreast with the one in its hands.

They stay in the queue meanwhile. Their steps are on the worker's shelf when it claims them; where another worker does,
or this one dies, they are computed again.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gd_engine import FEWEST, BatchedDescent, DescentConfig, NoLearningRateError, State, largest_batch, start
from service.engine_adapter.factory import Request, config_of, theta0_of
from service.engine_adapter.problems import rate_of
from service.storage import job_queue
from service.storage.database import Database
from service.worker.prepare import Prepared
from service.worker.problem_cache import CachedBatch, ProblemCache

MAY_VARY = ("/descent/learning_rate", "/descent/optimizer/momentum", "/descent/theta0")
"""What leaves the problem as it is, and the steps of the descents alike."""


def batch_of(
    database: Database, run: Any, prepared: Prepared, cache: ProblemCache, workers: int
) -> BatchedDescent | None:
    """The company that a claimed run goes in, which is on the shelf; None if it goes alone."""
    if run.sweep is None or run.rows_done > 0 or run.losses > 0:
        return None
    cached = cache.cached
    if cached is not None and cached.sweep_seq == run.sweep_seq:
        if run.seq in cached.batch.numbers:
            return cached.batch
        if cached.is_all:  # what is left is in other hands, and stored sooner than it is computed again
            return None
    cache.cached = _gathered(database, run, prepared, workers)
    return None if cache.cached is None else cache.cached.batch


def _gathered(database: Database, run: Any, prepared: Prepared, workers: int) -> CachedBatch | None:
    most = largest_batch(prepared.problem, prepared.config)
    # A deadline is a run's own, and would pass while the others are computed too.
    if most == 0 or run.request["deadline_seconds"] is not None or not _alike(run.sweep["values"]):
        return None
    with database.reading() as connection:
        held, waiting = job_queue.beside(connection, run)
    shares = max(workers, held)  # whoever claims the next one takes others
    others = [other for other in waiting if other.seq % shares == run.seq % shares]
    descents = {run.seq: (prepared.config, prepared.state)}
    for other in others[: most - 1]:
        with suppress(NoLearningRateError):  # it will fail, when it is claimed
            descents[other.seq] = _beginning(other.request, prepared)
    if len(descents) < FEWEST:
        return None
    try:
        return CachedBatch(run.sweep_seq, BatchedDescent(prepared.problem, descents), is_all=len(others) < most)
    except NotImplementedError:
        return None


def _alike(varied: Sequence[str]) -> bool:
    return all(any(pointer == own or pointer.startswith(f"{own}/") for own in MAY_VARY) for pointer in varied)


def _beginning(request: Request, prepared: Prepared) -> tuple[DescentConfig, State]:
    theta0 = theta0_of(request, prepared.problem.model)
    config = config_of(request, rate_of(request, prepared.problem, theta0))
    return config, start(theta0, config.optimizer)

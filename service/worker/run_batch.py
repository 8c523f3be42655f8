"""Batched descent: runs of one sweep that a worker computes together on their shared problem."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress

from gd_engine import (
    FEWEST,
    BatchedDescent,
    Block,
    DescentConfig,
    NoLearningRateError,
    Problem,
    State,
    descend,
    largest_batch,
)
from service.core.run_record import Run
from service.core.settings import Settings
from service.engine_adapter.problems import problem_of
from service.storage import job_queue
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker.lease import RunLease
from service.worker.prepare import Prepared, prepare_start

MAY_VARY = ("/descent/learning_rate", "/descent/optimizer/momentum", "/descent/theta0")
"""JSON pointers to the fields that may differ in a batch: they change neither the problem nor the kind of step."""
BATCH_SHARE = 0.1
"""Fraction of the maximum run time that a run may spend on the other members."""

ProblemKey = tuple[str | None, bool, list[object]]


def problem_key(run: Run) -> ProblemKey:
    """What a run's problem depends on: runs with equal keys have the same problem."""
    request = run.request
    fields = ("function", "dataset", "model", "split", "objective", "standardize")
    return run.dataset_id, request["descent"]["batch_size"] is None, [request.get(name) for name in fields]


class RunBatch:
    """Problem and precomputed steps that a worker keeps between the runs of a sweep.

    The run that the worker has claimed gathers the runs of its sweep that wait and have the same problem; a block of
    its steps is a block of theirs. The members stay in the queue: their steps are a guess about the future. The worker
    claims them next, in order. A member leaves when its run is over, stopped or claimed by another worker, which
    computes the steps again. Each run has the bits that it has alone.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self.clear()

    def clear(self) -> None:
        """Discards the problem and the members."""
        self._problem: Problem | None = None
        self._problem_key: ProblemKey | None = None
        self._clear_members()

    def _clear_members(self) -> None:
        self._descent: BatchedDescent | None = None
        self._sweep_seq: int | None = None
        self.owner: str | None = None
        self._is_whole_share = False

    @property
    def members(self) -> list[int]:
        """The runs, by `seq`, that have not left, in the order in which they are claimed."""
        return [] if self._descent is None else self._descent.numbers

    def leave(self, seq: int) -> None:
        """Removes a member and discards its precomputed steps."""
        if self._descent is not None:
            self._descent.leave(seq)

    def claim_next(self, claim: Callable[[int], Claim | None]) -> Claim | None:
        """Claims the first member that still waits; those that wait no more leave."""
        for seq in self.members:
            if claimed := claim(seq):
                return claimed
            self.leave(seq)
        return None

    def problem(self, run: Run, go_on: Callable[[], object]) -> Problem:
        """The run's problem, kept for the next run if this one is of a sweep. Raises as `problem_of` does."""
        key = problem_key(run)
        if run.sweep is None or self._problem is None or self._problem_key != key:
            self.clear()  # two problems at once may be too much to hold
            problem = problem_of(self._database, run, go_on)
            if run.sweep is None:
                return problem
            self._problem, self._problem_key = problem, key
        return self._problem

    def join(self, run: Run, prepared: Prepared) -> bool:
        """Whether a claimed run is a member of the current batch, or of a new batch around it."""
        if run.sweep is None or run.rows_done > 0 or run.losses > 0:
            self.leave(run.seq)
            return False
        if self._sweep_seq == run.sweep_seq and (run.seq in self.members or self._is_whole_share):
            return run.seq in self.members  # else another worker's share, which it stores sooner than this one computes
        self._clear_members()
        self._gather(run, prepared)
        return run.seq in self.members

    def blocks(self, run: Run, prepared: Prepared, lease: RunLease, is_full: Callable[[int], bool]) -> Generator[Block]:
        """Remaining blocks of a run: as a member of the batch within BATCH_SHARE, then alone."""
        state = prepared.state
        if self._descent is not None and run.seq in self.members:
            try:
                for block in self._descent.descend(run.seq, is_full):
                    yield block
                    state = block.next
                    if block.outcome:
                        return
                    if lease.seconds > BATCH_SHARE * self._settings.max_run_seconds:
                        break
            finally:
                self.leave(run.seq)
        yield from descend(prepared.problem, prepared.config, state, is_full=is_full)

    def _gather(self, run: Run, prepared: Prepared) -> None:
        if run.sweep is None or run.sweep_seq is None:
            return
        most = largest_batch(prepared.problem, prepared.config)
        # A run with a deadline would lose it to the others.
        if most == 0 or run.request["deadline_seconds"] is not None or not _share_a_problem(run.sweep["values"]):
            return
        with self._database.reading() as connection:
            held, waiting = job_queue.beside(connection, run)
        shares = max(self._settings.workers, held)  # the worker that claims the next run gathers others
        others = [other for other in waiting if other.seq % shares == run.seq % shares]
        descents = {run.seq: (prepared.config, prepared.state)}
        for other in others[: most - 1]:
            with suppress(NoLearningRateError):  # the run fails when it is claimed
                _, config, state, _ = prepare_start(other.request, prepared.problem)
                descents[other.seq] = (config, state)
        self._begin(run.sweep_seq, prepared.problem, descents)
        self.owner = run.owner
        self._is_whole_share = self._descent is not None and len(others) < most

    def _begin(self, sweep_seq: int, problem: Problem, descents: Mapping[int, tuple[DescentConfig, State]]) -> None:
        if len(descents) >= FEWEST:
            with suppress(NotImplementedError):
                self._descent = BatchedDescent(problem, descents)
                self._sweep_seq = sweep_seq


def _share_a_problem(varied: Iterable[str]) -> bool:
    return all(any(pointer == own or pointer.startswith(f"{own}/") for own in MAY_VARY) for pointer in varied)

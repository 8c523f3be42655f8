"""Model-based test of the storage of runs: random histories against a plain Python model."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from service.core.run_record import RunColumns
from service.core.run_status import FINISHED, HELD, TRANSITIONS, RunStatus
from service.storage import fair_shares, job_queue, run_deletion, runs, tables, trajectories, unwritten_bytes
from service.storage.database import Database
from service.storage.job_queue import Claim, LeaseLostError
from service.storage.sqlite import purge
from service.storage.sweep_deletion import remove_some_members
from tests.examples import examples
from tests.service.storage.helpers import STEP_BYTES, STEPS, queue_run

WORKERS = st.sampled_from(["a", "b", "c"])
# A lease of -1 s is expired from the start, which simulates the passage of time.
LEASES = st.sampled_from([60.0, -1.0])
MOST_RUNS = 2
"""Few runs, so that most rules act on the same ones."""
ENDS = st.sampled_from(sorted(FINISHED))


@dataclass(frozen=True)
class Modelled:
    """The model of a run."""

    status: RunStatus = RunStatus.QUEUED
    token: int = 0
    owner: str | None = None
    expired: bool = False
    losses: int = 0
    steps: int = 0

    @property
    def claimable(self) -> bool:
        return self.status == RunStatus.QUEUED or (self.status in HELD and self.expired)

    def released(self, status: RunStatus) -> "Modelled":
        return replace(self, status=status, owner=None, expired=False)


class Lifecycle(RuleBasedStateMachine):
    """Runs in a real file, and in `known` their models, the oldest first."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Modelled] = {}
        self.hidden: dict[str, Modelled] = {}
        """Deleted runs whose chunks are not deleted yet."""
        self.claims: list[Claim] = []
        self.created = 0
        with self.database.writing() as connection:
            for table in ("runs", "datasets"):
                connection.execute(text(f"DELETE FROM {table}"))

    def become(self, run_id: str, after: Modelled) -> None:
        before = self.known[run_id]
        assert after.status == before.status or after.status in TRANSITIONS[before.status]
        assert after.token >= before.token
        self.known[run_id] = after

    @initialize()
    def begin(self) -> None:
        """Every example starts with two runs; one of them has lost a worker by an expired lease."""
        self.create()
        self.create()
        self.claim("a", -1.0)
        self.claim("b", 60.0)

    @precondition(lambda self: len(self.known) < MOST_RUNS)
    @rule()
    def create(self) -> None:
        self.created += 1
        self.known[queue_run(self.database, f"d{self.created}", {"n": str(self.created)})] = Modelled()

    @rule(worker=WORKERS, lease=LEASES)
    def claim(self, worker: str, lease: float) -> None:
        with self.database.writing() as connection:
            assert bool(fair_shares.waiting(connection, 15.0)) == any(run.claimable for run in self.known.values())
            claimed = fair_shares.claim(connection, worker, lease)
        oldest = next((run_id for run_id, run in self.known.items() if run.claimable), None)
        assert (claimed and claimed.run.id) == oldest
        if claimed is None or oldest is None:
            return
        self.claims.append(claimed)
        before = self.known[oldest]
        waited = before.status == RunStatus.QUEUED
        after = replace(
            before,
            status=RunStatus.RUNNING if waited else before.status,
            token=before.token + 1,
            owner=worker,
            expired=lease < 0,
            losses=before.losses if waited else before.losses + 1,
        )
        self.become(oldest, after)
        assert claimed.run.lease_token == after.token

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), lease=LEASES, steps=st.integers(1, 3))
    def progress(self, data: st.DataObject, lease: float, steps: int) -> None:
        """A worker with any earlier claim, valid or not, appends a block of steps."""
        claim, run = self._any_claim(data)
        first = run.steps if run else 0
        block = np.arange(3.0 * steps).reshape(3, steps)
        try:
            with self.database.writing() as connection:
                stored: RunColumns = {"rows_done": first + steps, "checkpoint": b"state"}
                status = job_queue.progress(connection, claim, lease, stored)
                trajectories.append(connection, claim.run.seq, first, block)
        except LeaseLostError:
            assert not self._holds(claim, run)
        else:
            assert run is not None
            assert self._holds(claim, run)
            assert status == run.status
            self.become(claim.run.id, replace(run, steps=first + steps, expired=lease < 0))

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), end=ENDS)
    def finish(self, data: st.DataObject, end: RunStatus) -> None:
        claim, run = self._any_claim(data)
        may = run is not None and self._holds(claim, run) and end in TRANSITIONS[run.status]
        try:
            with self.database.writing() as connection:
                job_queue.finish(connection, claim, end, {})
        except LeaseLostError:
            assert not may
        else:
            assert may
            assert run is not None
            self.become(claim.run.id, run.released(end))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        claim, run = self._any_claim(data)
        may = run is not None and self._holds(claim, run)
        try:
            with self.database.writing() as connection:
                job_queue.hand_back(connection, claim)
        except LeaseLostError:
            assert not may
        else:
            assert may
            assert run is not None
            is_cancelled = run.status == RunStatus.CANCELLING
            self.become(claim.run.id, run.released(RunStatus.CANCELLED if is_cancelled else RunStatus.QUEUED))

    @rule(worker=WORKERS)
    def worker_dies(self, worker: str) -> None:
        """A worker dies, and its supervisor notices it."""
        held = [run_id for run_id, run in self.known.items() if run.owner == worker and run.status in HELD]
        with self.database.writing() as connection:
            assert job_queue.expire_leases(connection, worker, is_loss=True) == len(held)
        for run_id in held:
            self.become(run_id, replace(self.known[run_id], expired=True))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run_id, run = self._any_run(data)
        with self.database.writing() as connection:
            assert runs.cancel(connection, run_id) == (run.status not in FINISHED)
        if run.status in HELD:
            self.become(run_id, replace(run, status=RunStatus.CANCELLING))
        elif run.status not in FINISHED:
            self.become(run_id, run.released(RunStatus.CANCELLED))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        run_id, run = self._any_run(data)
        may = run.status in {RunStatus.QUEUED, RunStatus.RUNNING}
        with self.database.writing() as connection:
            assert runs.pause(connection, run_id) == may
        if may:
            self.become(run_id, replace(run.released(RunStatus.PAUSED), token=run.token + 1))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        run_id, run = self._any_run(data)
        may = run.status == RunStatus.PAUSED
        with self.database.writing() as connection:
            assert runs.resume(connection, run_id) == may
        if may:
            self.become(run_id, run.released(RunStatus.QUEUED))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        run_id, _ = self._any_run(data)
        with self.database.writing() as connection:
            assert run_deletion.remove(connection, run_id)
            assert not run_deletion.remove(connection, run_id)
        del self.known[run_id]

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def delete_as_member(self, data: st.DataObject) -> None:
        """Deletes a run like the members of a sweep."""
        run_id, _ = self._any_run(data)
        with self.database.writing() as connection:
            connection.execute(text("UPDATE runs SET sweep_seq = 1 WHERE id = :id"), {"id": run_id})
            while remove_some_members(connection, 1):
                pass
            assert runs.find(connection, run_id) is None
        del self.known[run_id]

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def hide(self, data: st.DataObject) -> None:
        """Deletes a run like a long one: it is hidden at once, in any status, and purged later."""
        run_id, run = self._any_run(data)
        with self.database.writing() as connection:
            run_deletion.hide(connection, tables.runs.c.id == run_id)
            assert runs.find(connection, run_id) is None
            assert not run_deletion.remove(connection, run_id)
        after = run.released(run.status if run.status in FINISHED else RunStatus.CANCELLED)
        self.hidden[run_id] = replace(after, token=run.token + 1)
        del self.known[run_id]

    @rule()
    def purge(self) -> None:
        with self.database.writing() as connection:
            while purge.has_deleted(connection):
                purge.purge_slice(connection)
        self.hidden.clear()

    @invariant()
    def the_file_agrees_with_the_model(self) -> None:
        with self.database.reading() as connection:
            rows = connection.execute(
                text(
                    "SELECT deleted_at IS NOT NULL, id, status, lease_token, lease_owner, losses, rows_done FROM runs"
                    " ORDER BY deleted_at, seq"
                )
            ).all()
        assert [tuple(row) for row in rows] == [
            (is_hidden, run_id, run.status, run.token, run.owner, run.losses, run.steps)
            for is_hidden, each in ((False, self.known), (True, self.hidden))
            for run_id, run in each.items()
        ]

    @invariant()
    def the_unwritten_bytes_are_those_of_the_missing_steps(self) -> None:
        with self.database.reading() as connection:
            kept, counted = unwritten_bytes.kept(connection), unwritten_bytes.counted(connection)
        missing = (STEPS + 1 - run.steps for run in self.known.values() if run.status not in FINISHED)
        assert kept == counted == STEP_BYTES * sum(missing)

    @invariant()
    def steps_are_complete_and_deleted_runs_leave_nothing(self) -> None:
        with self.database.reading() as connection:
            counts: dict[str, Any] = {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("datasets", "dataset_chunks", "run_tags")
            }
            steps = connection.execute(
                text(
                    "SELECT id, sum(c.rows), max(first_step + c.rows) FROM trajectory_chunks c"
                    " JOIN runs ON seq = run_seq GROUP BY 1"
                )
            ).all()
        existing = self.known | self.hidden
        assert set(counts.values()) == {len(existing)}
        expected = {run_id: (run.steps, run.steps) for run_id, run in existing.items() if run.steps}
        assert {run_id: (rows, end) for run_id, rows, end in steps} == expected

    def _any_run(self, data: st.DataObject) -> tuple[str, Modelled]:
        run_id = data.draw(st.sampled_from(list(self.known)))
        return run_id, self.known[run_id]

    def _any_claim(self, data: st.DataObject) -> tuple[Claim, Modelled | None]:
        """An earlier claim, most often the latest, and the model of its run; None if the run is deleted."""
        claim = self.claims[-1 - data.draw(st.integers(0, len(self.claims) - 1))]
        return claim, self.known.get(claim.run.id)

    def _holds(self, claim: Claim, run: Modelled | None) -> bool:
        return run is not None and run.token == claim.run.lease_token and run.status in HELD


def test_runs_follow_the_model(database: Database) -> None:
    machine = type("OfThisFile", (Lifecycle,), {"database": database})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples(40), stateful_step_count=50))

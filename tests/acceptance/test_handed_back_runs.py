"""A worker that cannot write hands back its run as soon as writes succeed."""

from contextlib import closing
from pathlib import Path

from service.storage.sqlite.engine import sqlite_module
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.torture.fragile_service import Ground
from tests.waiting import until

STEPS = 3_000


def test_a_run_goes_on_at_once_when_the_database_can_be_written_again(tmp_path: Path) -> None:
    ground = Ground(tmp_path, workers=1, busy_seconds=0.2, lease_seconds=1_000)
    with ground.serving() as standing:
        undisturbed = long_run(standing.client, STEPS)
        finished(standing.client, undisturbed)
        run_id = long_run(standing.client, STEPS)
        until(lambda: run_of(standing.client, run_id)["steps_done"] > 0)
        with closing(sqlite_module().connect(ground.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            until(lambda: "worker.run_dropped" in ground.log.read_text())
        assert finished(standing.client, run_id)["status"] == "succeeded"
        assert trajectory(standing.client, run_id) == trajectory(standing.client, undisturbed)
    assert ground.look("SELECT losses FROM runs WHERE id = ?", run_id) == [(0,)]

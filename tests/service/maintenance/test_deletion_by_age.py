"""Deletion by age: its notice survives restarts, and a wrong clock deletes no run early."""

import pytest
from sqlalchemy import text

from service.core.settings import Settings
from service.maintenance.clock_leaps import Clocks
from service.maintenance.deletion_by_age import DeletionByAge
from service.maintenance.retention import Retention
from service.storage import deletion_state
from service.storage.database import Database
from service.storage.integrity.fsck import check
from tests.damage import damage
from tests.service.helpers import counts, fit_body, stored_run
from tests.waiting import until

HOUR, DAY = 3600.0, 86_400.0
KEPT = 30 * DAY
BEGIN = 1e9


class Machine:
    """A machine with a wall clock and a steady one, and a service that looks for old runs after each change."""

    def __init__(self, database: Database) -> None:
        self.wall, self.steady = BEGIN, 50 * DAY
        self._database = database
        self.start()

    def start(self, keep_seconds: float = KEPT) -> None:
        """Starts the service; again, if it runs."""
        self._by_age = DeletionByAge(keep_seconds, HOUR, lambda: Clocks(self.wall, self.steady))
        self._look()

    def reboot(self, *, off: float) -> None:
        self.wall, self.steady = self.wall + off, 10.0
        self.start()

    def leap(self, seconds: float, *, looks: bool = True) -> None:
        self.wall += seconds
        self._by_age.observe()
        if looks:
            self._look()

    def wait(self, seconds: float) -> None:
        """Time passes; each six hours, and at the end, the service looks."""
        while seconds > 0:
            passed = min(seconds, 6 * HOUR)
            self.wall, self.steady, seconds = self.wall + passed, self.steady + passed, seconds - passed
            self._look()

    def add_run(self, age: float = 0.0) -> None:
        """A run that was made and ended `age` seconds ago."""
        stored_run(self._database, fit_body())
        with self._database.writing() as connection:
            ended = {"at": self.wall - age, "begin": BEGIN}
            connection.execute(
                text("UPDATE runs SET created_at = :at, finished_at = :at WHERE created_at > 1.1e9"), ended
            )

    @property
    def runs(self) -> int:
        """The number of the runs that clients see."""
        with self._database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM runs WHERE deleted_at IS NULL")).scalar_one())

    def _look(self) -> None:
        while True:
            with self._database.reading() as connection:
                work = self._by_age.next_work(connection)
            if work is None:
                return
            with self._database.writing() as connection:
                work(connection)


@pytest.fixture
def machine(database: Database) -> Machine:
    """A machine with a run of one day, whose service has looked once."""
    machine = Machine(database)
    machine.add_run(DAY)
    machine.wait(1.0)
    return machine


def test_a_run_is_deleted_after_its_age_and_the_notice(machine: Machine) -> None:
    machine.wait(29 * DAY)
    machine.wait(0.9 * HOUR)
    assert machine.runs == 1
    machine.wait(0.2 * HOUR)
    assert machine.runs == 0


def test_the_notice_survives_restarts_of_the_service(machine: Machine) -> None:
    machine.wait(29 * DAY)
    for _ in range(7):
        machine.wait(HOUR / 8)
        machine.start()
    assert machine.runs == 1
    machine.wait(HOUR / 4)
    assert machine.runs == 0


def test_the_notice_survives_a_restart_of_the_machine(machine: Machine) -> None:
    machine.wait(29 * DAY)
    machine.reboot(off=0.9 * HOUR)
    assert machine.runs == 1
    machine.wait(0.2 * HOUR)
    assert machine.runs == 0


@pytest.mark.parametrize("leaps", [1, 20])
def test_a_clock_that_is_ahead_for_long_deletes_no_run_early(leaps: int, machine: Machine) -> None:
    for _ in range(leaps):
        machine.leap(60 * DAY / leaps)
        machine.wait(HOUR)
    machine.add_run()
    for _ in range(28):
        machine.wait(DAY - HOUR)
        assert machine.runs == 2
        machine.start()
    machine.wait(6 * DAY)
    assert machine.runs == 0


@pytest.mark.parametrize("ahead", [HOUR, 15 * DAY, 29.5 * DAY])
def test_a_run_has_its_real_age_after_a_leap(ahead: float, machine: Machine) -> None:
    machine.leap(ahead)
    machine.wait(29 * DAY - HOUR)
    assert machine.runs == 1
    machine.wait(9 * HOUR)
    assert machine.runs == 0


def test_a_run_that_ended_while_the_clock_was_behind_has_its_real_age(machine: Machine) -> None:
    machine.leap(-31 * DAY)
    machine.add_run()
    machine.leap(62 * DAY)
    machine.leap(-31 * DAY)
    machine.wait(29 * DAY + 8 * HOUR)
    assert machine.runs == 2
    machine.wait(DAY)
    assert machine.runs == 0


def test_a_run_that_ended_between_two_looks_has_its_real_age(machine: Machine) -> None:
    machine.leap(-31 * DAY, looks=False)
    machine.add_run()
    machine.leap(31 * DAY)
    machine.wait(29 * DAY + 8 * HOUR)
    assert machine.runs == 2
    machine.wait(DAY)
    assert machine.runs == 0


def test_a_leap_back_revokes_a_leap_ahead(machine: Machine) -> None:
    machine.wait(27 * DAY)
    machine.leap(31 * DAY)
    machine.wait(2.0)
    machine.leap(-31 * DAY)
    machine.wait(DAY)
    assert machine.runs == 1
    machine.wait(DAY + 2 * HOUR)
    assert machine.runs == 0


def test_a_restart_on_a_clock_far_ahead_deletes_no_run_early(machine: Machine) -> None:
    machine.reboot(off=31 * DAY)
    machine.wait(28 * DAY)
    assert machine.runs == 1
    machine.wait(3 * DAY)
    assert machine.runs == 0


def test_without_a_reading_the_clock_is_compared_with_the_newest_run(database: Database) -> None:
    machine = Machine(database)
    with database.writing() as connection:
        deletion_state.remove(connection)
    machine.add_run(20 * DAY)
    machine.add_run(60 * DAY)
    machine.start()
    machine.wait(2 * HOUR)
    assert machine.runs == 1
    machine.wait(29 * DAY)
    assert machine.runs == 1
    machine.wait(DAY + 6 * HOUR)
    assert machine.runs == 0


def test_a_longer_age_revokes_the_notice(machine: Machine) -> None:
    machine.wait(29 * DAY)
    machine.start(2 * KEPT)
    machine.wait(5 * HOUR)
    assert machine.runs == 1


def test_a_service_that_keeps_runs_for_ever_revokes_the_notice(
    machine: Machine, settings: Settings, database: Database
) -> None:
    machine.wait(29 * DAY)
    assert counts(database)["runs"] == 1

    def state() -> deletion_state.DeletionState | None:
        with database.reading() as connection:
            return deletion_state.find(connection)

    found = state()
    assert found is not None
    assert found.announced_at == machine.wall
    with Retention(settings, database):
        until(lambda: state() is None)


def test_the_log_announces_a_deletion_and_a_leap(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.wait(29 * DAY)
    assert (
        "will_delete_old_runs count=1 finished_before=2001-09-08T01:46:41.000Z at=2001-10-08T02:46:41.000Z"
        in caplog.text
    )
    machine.leap(DAY)
    assert "clock_leapt seconds=86400 taken_off_the_age_of_runs=86400" in caplog.text


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("wall", "'x'"),
        ("wall", "1e300"),
        ("steady", "CAST(x'ff' AS TEXT)"),
        ("leaps", "'[[1]]'"),
        ("leaps", "'{'"),
        ("leaps", "7"),
        ("announced_at", "'zz'"),
        ("ended_before", "NULL"),
    ],
)
def test_a_damaged_state_delays_the_deletion_and_never_hastens_it(
    column: str, value: str, machine: Machine, settings: Settings
) -> None:
    machine.add_run(age=KEPT + DAY)
    machine.wait(HOUR / 2)
    damage(settings, "deletion_by_age", column, value, "1")
    assert settings.database_file is not None
    assert [found.where for found in check(settings.database_file, lambda *_: None)] == ["deletion_by_age"]
    machine.wait(KEPT - HOUR)
    assert not list(check(settings.database_file, lambda *_: None))
    assert machine.runs == 2
    machine.wait(15 * HOUR)
    assert machine.runs < 2


def test_a_damaged_announcement_is_announced_again(machine: Machine, settings: Settings) -> None:
    machine.add_run(age=KEPT + DAY)
    machine.wait(HOUR / 2)
    damage(settings, "deletion_by_age", "announced_at", "1.0", "1")
    machine.wait(HOUR / 4)
    assert machine.runs == 2
    machine.wait(2 * HOUR)
    assert machine.runs < 2


def test_the_retention_outlives_an_unknown_error(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.maintenance.retention.FAILED_SECONDS", 0.01)
    with Retention(settings, database) as retention:
        retention._do_slice = lambda: 1 // 0  # type: ignore[method-assign, assignment, return-value]
        until(lambda: caplog.text.count("retention.failed") > 1)
        assert caplog.text.count("Traceback") == 1
        del retention._do_slice
        stored_run(database, fit_body())
        with database.writing() as connection:
            connection.execute(text("UPDATE runs SET deleted_at = 1.0"))
        until(lambda: counts(database)["runs"] == 0)

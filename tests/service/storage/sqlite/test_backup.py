"""Backups: consistent snapshots beside writers, refusals, interrupted copies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from service.core.settings import Settings
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite.backup import BackupError, back_up
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import wal_of
from tests.service.helpers import fit_body, stored_run

LONG = np.zeros((50_000, 3))


def silent(*_: object) -> None:
    """Ignores the progress."""


@pytest.fixture
def source(settings: Settings, database: Database) -> Path:
    """A database with some runs."""
    for _ in range(3):
        stored_run(database, fit_body(descent={"steps": len(LONG) - 1}), LONG)
    assert settings.database_file is not None
    return settings.database_file


def is_sound(file: Path) -> bool:
    return not list(check(file, silent))


@contextmanager
def writer(database: Database) -> Iterator[list[int]]:
    """Commits without a pause in a thread, each time to two tables that must agree. Yields the number of commits."""
    stopping = threading.Event()
    commits = [0]

    def write() -> None:
        while not stopping.is_set():
            with database.writing() as connection:
                connection.execute(text("UPDATE a SET n = n + 1"))
                connection.execute(text("UPDATE b SET n = n + 1"))
                connection.execute(text("INSERT INTO many VALUES (zeroblob(20000))"))
            commits[0] += 1

    with database.writing() as connection:
        for statement in ("CREATE TABLE a AS SELECT 0 n", "CREATE TABLE b AS SELECT 0 n", "CREATE TABLE many (x)"):
            connection.execute(text(statement))
    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield commits
    finally:
        stopping.set()
        thread.join()


def test_a_copy_during_writes_is_the_state_of_one_commit(source: Path, database: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with writer(database) as commits:
        for _ in range(5):
            before = commits[0]
            size = back_up(source, target, force=True, progress=silent)
            after = commits[0]
            assert size == target.stat().st_size
            with closing(sqlite_module().connect(f"file:{target}?immutable=1", uri=True)) as copy:
                a, b, many = copy.execute(
                    "SELECT (SELECT n FROM a), (SELECT n FROM b), (SELECT count(*) FROM many)"
                ).fetchone()
            assert a == b == many
            assert before <= a <= after + 1
            assert is_sound(target)
        assert commits[0] > 0
    assert {file.name for file in tmp_path.iterdir() if "copy" in file.name} == {"copy.db"}


def test_a_copy_opens_as_a_database(source: Path, database: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    back_up(source, target, force=False, progress=silent)
    copy = open_database(f"sqlite:///{target}", 5.0)
    with copy.reading() as there, database.reading() as here:
        for table in ("runs", "datasets", "trajectory_chunks", "dataset_chunks"):
            query = text(f"SELECT * FROM {table}")  # a constant
            assert there.execute(query).all() == here.execute(query).all()
    copy.dispose()


def test_progress_is_reported(source: Path, tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    back_up(source, tmp_path / "copy.db", force=False, progress=lambda done, of: reported.append((done, of)))
    assert reported == sorted(reported)
    assert reported[-1][0] == reported[-1][1] > 0


def test_an_existing_file_is_replaced_only_by_force(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(BackupError, match="--force"):
        back_up(source, target, force=False, progress=silent)
    assert target.read_text() == "precious"
    back_up(source, target, force=True, progress=silent)
    assert is_sound(target)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("descent.db", "the database itself"),
        ("folder", "is a folder"),
        ("pipe", "is a device, a pipe or a socket"),
        ("missing/copy.db", "The folder .*/missing does not exist"),
    ],
)
def test_an_impossible_target_is_refused(given: str, reason: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BackupError, match=reason):
        back_up(source, tmp_path / given, force=True, progress=silent)
    assert is_sound(source)
    assert (tmp_path / "pipe").is_fifo()


def test_a_source_without_a_database_is_refused(tmp_path: Path) -> None:
    for name, content in (("none.db", None), ("other.db", b"no database" * 1000)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError):
            back_up(tmp_path / name, tmp_path / "copy.db", force=False, progress=silent)
        assert not (tmp_path / "copy.db").exists()
        assert not (tmp_path / "copy.db.partial").exists()


def test_a_damaged_database_gives_no_backup(source: Path, database: Database, tmp_path: Path) -> None:
    database.dispose()  # the file now has all pages
    content = bytearray(source.read_bytes())
    content[4096 * 4 : 4096 * 5] = bytes(4096)
    source.write_bytes(content)
    with pytest.raises(BackupError, match="descent check"):
        back_up(source, tmp_path / "copy.db", force=False, progress=silent)
    assert not (tmp_path / "copy.db").exists()


SLOW = """
import sys, time
from pathlib import Path
from service.storage.sqlite.backup import back_up
def slowly(done, of):
    print(done, flush=True)
    time.sleep(60)
back_up(Path(sys.argv[1]), Path(sys.argv[2]), force=False, progress=slowly)
"""


@contextmanager
def under_way(source: Path, target: Path) -> Iterator["subprocess.Popen[str]"]:
    """A backup in a separate process, which has copied some pages and pauses for a minute."""
    command = [sys.executable, "-c", SLOW, str(source), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        try:
            yield process
        finally:
            os.kill(process.pid, signal.SIGKILL)


def test_a_killed_backup_leaves_no_file_and_the_next_one_is_whole(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with under_way(source, target):
        assert not target.exists()
    assert not target.exists()
    back_up(source, target, force=False, progress=silent)
    assert is_sound(target)
    assert not (tmp_path / "copy.db.partial").exists()


def test_two_backups_to_one_file_do_not_mix(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with under_way(source, target), pytest.raises(BackupError, match="under way"):
        back_up(source, target, force=False, progress=silent)


WITHOUT_FCNTL = """
import sys
sys.modules["fcntl"] = None
from pathlib import Path
from service.storage.sqlite.backup import back_up
back_up(Path(sys.argv[1]), Path(sys.argv[2]), force=False, progress=lambda *_: None)
"""


def test_a_backup_works_without_fcntl(source: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_FCNTL, str(source), str(tmp_path / "copy.db")]
    subprocess.run(command, check=True)
    assert is_sound(tmp_path / "copy.db")


def test_nothing_is_left_beside_a_backup(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with under_way(source, folder / "copy.db"):  # the process is killed at the end
        pass
    back_up(source, folder / "copy.db", force=False, progress=silent)
    assert [file.name for file in folder.iterdir()] == ["copy.db"]


USED = """
import sys
from service.storage.connect import open_database
from sqlalchemy import text
database = open_database(f"sqlite:///{sys.argv[1]}", 5.0)
with database.writing() as connection:
    connection.execute(text("CREATE TABLE late AS SELECT 1 n"))
print("written", flush=True)
sys.stdin.read()
"""


@contextmanager
def in_use(target: Path) -> Iterator[None]:
    """A process that has written to `target` and has it open. At the end it is killed, and leaves a log."""
    command = [sys.executable, "-c", USED, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        try:
            yield
        finally:
            process.kill()


@pytest.fixture
def old_target(source: Path, tmp_path: Path) -> Path:
    """A copy with a log: its process wrote the table `late` and was killed."""
    target = tmp_path / "copy.db"
    back_up(source, target, force=False, progress=silent)
    with in_use(target):
        pass
    assert wal_of(target).stat().st_size > 0
    return target


def contents(file: Path) -> tuple[set[str], int]:
    """The tables of a database file and the number of its runs."""
    with closing(sqlite_module().connect(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return tables, connection.execute("SELECT count(*) FROM runs").fetchone()[0]


def test_the_log_of_a_replaced_target_is_not_applied_to_the_copy(
    source: Path, database: Database, old_target: Path
) -> None:
    stored_run(database, fit_body(descent={"steps": 1}), LONG[:2])
    back_up(source, old_target, force=True, progress=silent)
    left = {file.name for file in old_target.parent.iterdir() if "copy" in file.name}
    assert left - {"copy.db-reserve"} == {"copy.db"}
    assert is_sound(old_target)
    tables, runs = contents(old_target)
    assert runs == 4
    assert "late" not in tables


def test_a_crash_before_the_replacement_leaves_the_old_target_with_its_commits(
    source: Path, old_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            back_up(source, old_target, force=True, progress=silent)
    assert not wal_of(old_target).exists()
    assert "late" in contents(old_target)[0]


def test_a_target_in_use_is_refused(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    back_up(source, target, force=False, progress=silent)
    with in_use(target):
        with pytest.raises(BackupError, match="is in use"):
            back_up(source, target, force=True, progress=silent)
        assert not (tmp_path / "copy.db.partial").exists()
    assert "late" in contents(target)[0]


def test_a_target_with_an_open_transaction_of_a_rollback_journal_is_refused(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with closing(sqlite_module().connect(target, isolation_level=None)) as other:
        other.execute("CREATE TABLE kept (n)")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM kept").fetchone()
        with pytest.raises(BackupError, match="is in use"):
            back_up(source, target, force=True, progress=silent)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_log_without_its_file_is_refused(ending: str, force: bool, source: Path, tmp_path: Path) -> None:
    log = tmp_path / f"copy.db{ending}"
    log.write_bytes(b"frames")
    with pytest.raises(BackupError, match=rf"The log .*copy.db{ending} cannot go .* the file is not there"):
        back_up(source, tmp_path / "copy.db", force=force, progress=silent)
    assert log.read_bytes() == b"frames"
    assert not (tmp_path / "copy.db").exists()

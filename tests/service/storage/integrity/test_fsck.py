"""Consistency check: each planted inconsistency is found, intact files pass."""

import hashlib
import stat
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.core.settings import Settings
from service.storage.database import Database
from service.storage.integrity.fsck import ADVICE, UNSOUND, CheckError, check
from service.storage.sqlite.backup import BackupError, back_up
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import wal_of
from tests.api_keys import make_key
from tests.service.helpers import fit_body, stored_run
from tests.service.storage.migrations.old_versions import make_version

STEPS = np.arange(3000.0).reshape(1000, 3)


def silent(*_: object) -> None:
    """Ignores the progress."""


@pytest.fixture
def file(settings: Settings, api: TestClient, database: Database) -> Path:
    """A sound file: a finished run and a running one with inline data, and an uploaded dataset."""
    stored_run(database, fit_body(name="ended", tags={"a": "b"}, descent={"steps": 999}), STEPS, chunks=[300, 300, 300])
    going = fit_body(name="going", dataset={"y": [float(number) for number in range(8)]})
    stored_run(database, going, status=None)
    assert api.post("/datasets", json={"x": [[1], [2], [3]], "y": ["a", "b", "a"]}).status_code == 201
    with database.writing() as connection:
        rows = connection.execute(text("SELECT data, rows FROM trajectory_chunks ORDER BY first_step")).all()
        whole = np.hstack([np.frombuffer(row.data).reshape(-1, row.rows) for row in rows])
        digest = hashlib.sha256(whole.T.tobytes()).hexdigest()
        connection.execute(text("UPDATE runs SET trajectory_sha256 = :it WHERE name = 'ended'"), {"it": digest})
    assert settings.database_file is not None
    return settings.database_file


def found(file: Path) -> list[tuple[str, str]]:
    return [(finding.kind, finding.message) for finding in check(file, silent)]


def plant(file: Path, damage: str) -> None:
    """Changes the file directly, without the constraints of the tables."""
    with closing(sqlite_module().connect(file)) as connection:
        connection.executescript(damage)


def test_a_sound_file_is_sound(file: Path, tmp_path: Path) -> None:
    assert found(file) == []
    back_up(file, tmp_path / "copy.db", force=False, progress=silent)
    assert found(tmp_path / "copy.db") == []


ENDED, GOING = "(SELECT seq FROM runs WHERE name = 'ended')", "(SELECT seq FROM runs WHERE name = 'going')"
UPLOADED = "(SELECT seq FROM datasets WHERE uploaded)"
CHUNK = f"trajectory_chunks WHERE run_seq = {ENDED} AND first_step"
ROWS = f"dataset_chunks SET {{}} WHERE dataset_seq = {UPLOADED}"


@pytest.mark.parametrize(
    ("damage", "kind", "message"),
    [
        (
            f"UPDATE trajectory_chunks SET data = zeroblob(length(data)) WHERE run_seq = {ENDED} AND first_step = 300",
            "run",
            "The chunk at step 300 is damaged: its checksum is wrong.",
        ),
        (
            f"UPDATE trajectory_chunks SET rows = 299 WHERE run_seq = {ENDED} AND first_step = 300",
            "run",
            "The chunk at step 300 does not have the length of 299 steps.",
        ),
        (f"DELETE FROM {CHUNK} = 300", "run", "Between step 300 and step 600 is a gap."),
        (f"DELETE FROM {CHUNK} = 900", "run", "There are 900 steps, and there should be 1000."),
        (
            f"UPDATE trajectory_chunks SET first_step = 599 WHERE run_seq = {ENDED} AND first_step = 600",
            "run",
            "The chunk at step 599 is stored twice.",
        ),
        (
            "UPDATE runs SET trajectory_sha256 = 'other' WHERE name = 'ended'",
            "run",
            "The trajectory does not match its SHA-256.",
        ),
        (
            "UPDATE runs SET request = '{' WHERE name = 'ended'",
            "run",
            "The row with this number cannot be read: unexpected end of data: line 1 column 2 (char 1).",
        ),
        (
            "UPDATE runs SET stop_reason = CAST(x'6dff' AS TEXT) WHERE name = 'ended'",
            "run",
            "The row with this number cannot be read: a text is not valid UTF-8.",
        ),
        ("UPDATE runs SET status = 'lost' WHERE name = 'ended'", "run", "The run has a status that does not exist."),
        ("UPDATE runs SET finished_at = NULL WHERE name = 'ended'", "run", "The run is finished without an end time."),
        (
            "UPDATE runs SET finished_at = 1 WHERE name = 'going'",
            "run",
            "The run has an end time but is unfinished.",
        ),
        ("UPDATE runs SET deleted_at = 1 WHERE name = 'going'", "run", "The run is deleted but unfinished."),
        (
            "UPDATE runs SET lease_expires_at = NULL WHERE name = 'going'",
            "run",
            "The run has an active status but no lease.",
        ),
        (
            "UPDATE runs SET status = 'queued' WHERE name = 'going'",
            "run",
            "The run has a lease owner but no active status.",
        ),
        (
            "UPDATE runs SET stop_reason = NULL WHERE name = 'ended'",
            "run",
            "The run is finished without a stop reason.",
        ),
        ("UPDATE runs SET status = 'diverged' WHERE name = 'ended'", "run", "The run diverged at no step."),
        ("UPDATE runs SET status = 'failed' WHERE name = 'ended'", "run", "The run failed without an error."),
        (
            "UPDATE runs SET steps_total = 998 WHERE name = 'ended'",
            "run",
            "The run has more steps than the request allows.",
        ),
        (f"UPDATE {ROWS.format('checksum = 1')}", "dataset", "The chunk at row 0 is damaged: its checksum is wrong."),
        (f"UPDATE {ROWS.format('first_row = 1')}", "dataset", "Between row 0 and row 1 is a gap."),
        (
            "UPDATE datasets SET target = 'other' WHERE uploaded",
            "dataset",
            "The content does not match its SHA-256.",
        ),
        (
            "INSERT INTO trajectory_chunks VALUES (77, 0, 1, x'00', 0), (77, 1, 1, x'00', 0)",
            "reference",
            "2 of its rows refer to missing rows of runs.",
        ),
        (
            "INSERT INTO run_tags VALUES (77, 'a', 'b')",
            "reference",
            "1 of its rows refer to missing rows of runs.",
        ),
        (
            "UPDATE datasets SET uploaded = 0 WHERE uploaded",
            "orphan",
            "The dataset came with a run, and no run uses it.",
        ),
        (
            "UPDATE runs SET verifies = 77 WHERE name = 'going'",
            "orphan",
            "The run verifies another one, which is gone.",
        ),
        (
            "UPDATE runs SET sweep_seq = 77 WHERE name = 'going'",
            "orphan",
            "The run belongs to a sweep, which is gone.",
        ),
        (
            "INSERT INTO sweeps (id, varied, rank_by, request_digest, created_at) VALUES ('s', '[]', 'a', '', 0)",
            "orphan",
            "The sweep has no run.",
        ),
    ],
)
def test_planted_damage_is_found(damage: str, kind: str, message: str, file: Path) -> None:
    plant(file, damage)
    # Some damage implies more: a moved chunk makes the number of rows wrong too.
    first, *more = found(file)
    assert first == (kind, message)
    assert len(more) <= 1
    assert all(each == kind or told == UNSOUND for each, told in more)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE runs SET learning_rate = 0.2 WHERE name = 'ended'", "run"),
        ("UPDATE datasets SET columns = '[]' WHERE uploaded", "dataset"),
        ("UPDATE sweeps SET rank_by = 'train_mse'", "sweep"),
        ("UPDATE api_keys SET scopes = '[\"admin\"]'", "key"),
    ],
)
def test_a_changed_value_is_found(damage: str, kind: str, file: Path, api: TestClient, database: Database) -> None:
    make_key(database)
    sweep = {"base": fit_body(), "grid": {"/descent/learning_rate": [0.1, 0.2]}}
    assert api.post("/sweeps", json=sweep).status_code == 202
    plant(file, damage)
    assert found(file) == [(kind, UNSOUND)]


def test_a_damaged_checkpoint_is_found(file: Path) -> None:
    plant(file, "UPDATE runs SET checkpoint = x'00', checkpoint_checksum = 7 WHERE name = 'going'")
    assert ("run", "The run cannot resume: the checkpoint after its last step is damaged.") in found(file)


def test_a_run_that_cannot_resume_is_found(file: Path) -> None:
    plant(file, "UPDATE runs SET rows_done = 1, checkpoint = NULL WHERE name = 'going'")
    assert ("run", "The run cannot resume: the checkpoint after its last step is missing.") in found(file)


def test_a_backup_refuses_damaged_chunks_unless_it_is_told(file: Path, tmp_path: Path) -> None:
    where = f"run_seq = {ENDED} AND first_step = 300"
    plant(file, f"UPDATE trajectory_chunks SET data = zeroblob(length(data)) WHERE {where}")
    target = tmp_path / "copy.db"
    with pytest.raises(BackupError, match="The chunk at step 300 is damaged"):
        back_up(file, target, force=False, progress=silent)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("copy")] == []
    back_up(file, target, force=False, damaged=True, progress=silent)
    assert found(target) == found(file) != []


def test_a_damaged_page_is_found(file: Path, database: Database) -> None:
    database.dispose()
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    assert {kind for kind, _ in found(file)} & {"structure", "run", "dataset"}


def test_many_findings_are_summarised(file: Path) -> None:
    plant(file, f"UPDATE trajectory_chunks SET checksum = 1; {many_chunks()}")
    listed = found(file)
    assert 10 < len(listed) < 50
    assert "more" in listed[-1][1]


def many_chunks() -> str:
    """SQL for a thousand chunks with wrong checksums."""
    return (
        "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
        f" INSERT INTO trajectory_chunks SELECT {ENDED}, i, 1, zeroblob(72), 1 FROM n"
    )


def test_every_kind_has_its_advice() -> None:
    assert set(ADVICE) == {"structure", "reference", "dataset", "run", "sweep", "key", "orphan", "state"}


def test_nothing_is_written(file: Path, database: Database) -> None:
    database.dispose()
    before = file.read_bytes()
    file.chmod(stat.S_IRUSR)
    assert found(file) == []
    assert file.read_bytes() == before
    assert not wal_of(file).exists()


def test_a_file_of_the_first_release_is_checked_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    make_version(file, "0001")
    before = file.read_bytes()
    # Its only fault is a dataset without rows.
    assert [message for _, message in found(file)] == ["There are 0 rows, and there should be 2."]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no database at"), (b"", "no database of this program"), (b"text " * 1000, "cannot be read")],
)
def test_a_file_that_is_no_database_is_reported(content: bytes | None, reason: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "other.db").write_bytes(content)
    with pytest.raises(CheckError, match=reason):
        found(tmp_path / "other.db")


def test_a_later_version_is_reported(file: Path) -> None:
    plant(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CheckError, match="later version"):
        found(file)

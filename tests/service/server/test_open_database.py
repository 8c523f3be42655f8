"""Messages of a database that cannot be opened: the cause and the correction."""

import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from service.core.exceptions import StartError
from service.core.settings import Settings
from service.server import open_database
from service.storage.integrity import fsck


@pytest.mark.parametrize(("free", "advice"), [(0, "The disk is full. Free some space."), (10**9, "Check the disk.")])
def test_free_space_distinguishes_a_full_disk_from_a_failing_disk(
    free: int, advice: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("PRAGMA page_count", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(open_database, "open_database", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(StartError, match=f"disk I/O error.*{advice}"):
        open_database.opened(settings)


def test_a_missing_folder_does_not_hide_the_cause(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(open_database, "open_database", fail)
    missing = settings.model_copy(update={"database_url": "sqlite:////missing/folder.db"})
    with pytest.raises(StartError, match="Read-only file system"):
        open_database.opened(missing)


def test_a_schema_that_is_no_text_is_named_as_damage(settings: Settings) -> None:
    open_database.opened(settings).dispose()
    with closing(sqlite3.connect(str(settings.database_file))) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET name = CAST(x'90' AS TEXT), sql = 'CREATE' WHERE name = 'runs'")
    with pytest.raises(StartError, match=r"malformed database schema.*descent check"):
        open_database.opened(settings)
    assert settings.database_file is not None
    with pytest.raises(fsck.CheckError, match="malformed database schema"):
        list(fsck.check(settings.database_file, lambda *_: None))

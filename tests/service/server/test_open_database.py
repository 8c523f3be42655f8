"""Why a database cannot be used, in words that say what to do."""

import shutil
import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from service.core.exceptions import StartError
from service.core.settings import Settings
from service.server import open_database


@pytest.mark.parametrize(("free", "advice"), [(0, "The disk is full: free some space."), (10**9, "look after it.")])
def test_an_error_of_a_full_disk_is_told_from_one_of_a_disk_that_fails(
    free: int, advice: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("PRAGMA page_count", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(open_database, "open_database", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(StartError, match=f"disk I/O error.*{advice}"):
        open_database.opened(settings)


def test_a_folder_that_is_not_there_is_no_trouble_of_the_telling(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(open_database, "open_database", fail)
    nowhere = settings.model_copy(update={"database_url": "sqlite:////nowhere/at/all.db"})
    with pytest.raises(StartError, match="Read-only file system"):
        open_database.opened(nowhere)

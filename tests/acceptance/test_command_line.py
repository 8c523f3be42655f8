"""The command line: its help, and the messages of commands that fail."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.storage.connect import open_database
from service.storage.sqlite.engine import sqlite_module
from tests.waiting import LONGEST


def descent(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


@pytest.mark.parametrize("command", ["", "serve", "worker", "demo", "keys", "keys create", "backup", "check", "status"])
def test_every_command_has_a_help_text(command: str) -> None:
    done = descent(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_a_port_in_use_is_named_in_the_message(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = descent("serve", "--port", port, "--database", f"sqlite:///{tmp_path}/d.db")
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "`DESCENT_PORT=9000 make serve`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_unusable_database_is_named_with_the_cause(command: str, tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    open_database(f"sqlite:///{newer}", 1.0).dispose()
    connection = sqlite_module().connect(newer)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("This text is not a database, but has the length of one. " * 20)
    for url, reason in [
        (f"sqlite:///{newer}", "version 9999"),
        (f"sqlite:///{text}", "not a database"),
        (f"sqlite:///{text}/below.db", "File exists"),
        ("nonsense", f"--database: Write the URL sqlite:///{Path.cwd()}/nonsense"),
    ]:
        done = descent(command, "--database", url)
        assert done.returncode == 1, url
        assert reason in " ".join(done.stderr.split()), url
        assert "Traceback" not in done.stderr, url


def test_an_invalid_setting_is_named_in_the_message() -> None:
    done = descent("serve", DESCENT_WORKERS="many")
    assert done.returncode == 1
    assert "DESCENT_WORKERS" in done.stderr

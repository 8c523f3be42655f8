"""The command line: its help, and the messages of commands that fail."""

import os
import socket
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from service.server.live_server import Service
from service.storage.connect import open_database
from service.storage.sqlite.engine import sqlite_module
from tests.acceptance.commands import descent


@pytest.mark.parametrize("command", ["", "keys", "datasets"])
def test_every_group_has_a_help_text(command: str) -> None:
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
    foreign = tmp_path / "foreign.db"
    with closing(sqlite_module().connect(foreign)) as connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER)")
    content = foreign.read_bytes()
    os.mkfifo(tmp_path / "pipe")
    for url, reason in [
        (f"sqlite:///{foreign}", "a database of another program"),
        (f"sqlite:///{tmp_path}", "is a folder"),
        (f"sqlite:///{tmp_path}/pipe", "is no file"),
        (f"sqlite:///{newer}", "version 9999"),
        (f"sqlite:///{text}", "not a database"),
        (f"sqlite:///{text}/below.db", "File exists"),
        ("nonsense", f"--database: Write the URL of the file: sqlite:///{Path.cwd()}/nonsense"),
    ]:
        done = descent(command, "--database", url)
        assert done.returncode == 1, url
        assert reason in " ".join(done.stderr.split()), url
        assert "Traceback" not in done.stderr, url
    assert foreign.read_bytes() == content


@pytest.mark.parametrize(("damaged", "keys"), [("ix_runs_waiting", "off"), ("api_keys", "required")])
def test_a_damaged_page_that_a_start_reads_is_named(damaged: str, keys: str, tmp_path: Path) -> None:
    file = tmp_path / "damaged.db"
    open_database(f"sqlite:///{file}", 1.0).dispose()
    with closing(sqlite_module().connect(file)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (damaged,)).fetchone()
    with file.open("r+b") as opened:
        opened.seek(size * (page - 1))
        opened.write(bytes(size))
    done = descent("serve", "--port", "0", "--database", f"sqlite:///{file}", DESCENT_KEYS=keys)
    assert done.returncode == 1
    assert "Locate the damage with `descent check`" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("list",), ("revoke", "k")])
def test_a_wrong_path_makes_no_database_of_keys(words: tuple[str, ...], tmp_path: Path) -> None:
    done = descent("keys", *words, "--database", f"sqlite:///{tmp_path}/typo.db")
    assert done.returncode == 1
    assert done.stderr.startswith(f"There is no database at {tmp_path}/typo.db. ")
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_cannot_be_made_is_not_damage(tmp_path: Path) -> None:
    for url in (f"{tmp_path}/d.db", f"sqlite:///{tmp_path}/d.db"):
        assert descent("check", "--database", url).returncode == 2


def test_the_version_is_that_of_the_package() -> None:
    assert descent("--version").stdout == f"descent {version('descent-service')}\n"


def test_a_function_is_descended(service: Service) -> None:
    words = ("--theta0", "a=-1.2,b=1", "--steps", "200", "--learning-rate", "0.001", "--url", service.url)
    done = descent("fit", "--function", "rosenbrock", *words)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first == "finished: 200 steps, learning rate 0.001"
    assert [line.split(" = ")[0].strip() for line in lines[:3]] == ["a", "b", "E(θ)"]
    assert lines[-1].startswith(f"{service.url}/#/runs/")
    own = descent(
        "fit", "--function", "(u - 2)**2 + 1", "--theta0", "5", "--optimizer", "momentum", DESCENT_URL=service.url
    )
    assert own.returncode == 0, own.stderr
    assert "E(θ) = 1.0" in own.stdout


def test_a_file_is_fitted(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "heights.csv"
    file.write_text("age,height\n1,2.5\n2,4\n3,6.1\n4,8\n5,10.2\n")
    done = descent("fit", str(file), "--target", "height", "--steps", "10", "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert [line.split(" = ")[0].strip() for line in done.stdout.splitlines()[2:6]] == [
        "intercept",
        "age",
        "E(θ)",
        "train MSE",
    ]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ((), "Give either a file, --function or --sample."),
        (("--function", "bowl", "--target", "y"), "are for files"),
        (("--function", "bowl", "--theta0", "a=1,2"), "Name each parameter once"),
        (("--function", "bowl", "--theta0", "a=1,a=2"), "Name each parameter once"),
        (("--function", "rosenbrok"), "--function: There is no function rosenbrok."),
        (("--function", "a^2"), "Write a**2 for a^2."),
        (("--function", "bowl", "--theta0", "a=1"), "b is missing."),
        (("--function", "bowl", "--theta0", "a=x"), "--theta0: 'a=x' is no start."),
        (("--function", "bowl", "--learning-rate", "fast"), "--learning-rate: 'fast' is no number."),
        (("--function", "-a**2"), "learning rate"),
        (("--function", "bowl", "--steps", "0"), "--steps: This must be at least 1."),
        (("--function", "bowl", "--set", "descent.clip_norm=-1"), "--set descent.clip_norm: This must be greater"),
        (("--function", "bowl", "--set", "clip"), "--set: 'clip' is no field."),
        (("--function", "bowl", "--test-fraction", "0"), "are for files"),
        (("missing.csv",), "missing.csv: No such file or directory."),
    ],
)
def test_a_refused_fit_names_the_cause(words: tuple[str, ...], cause: str, service: Service) -> None:
    done = descent("fit", *words, DESCENT_URL=service.url)
    assert done.returncode == 1
    assert cause in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_service_that_does_not_run_is_named() -> None:
    done = descent("fit", "--function", "bowl", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr
    assert "descent serve" in done.stderr


def test_an_invalid_setting_is_named_in_the_message() -> None:
    done = descent("serve", DESCENT_WORKERS="many")
    assert done.returncode == 1
    assert "DESCENT_WORKERS" in done.stderr

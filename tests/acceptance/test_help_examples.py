"""The example of each command's `--help`, and that of docs/command-line.md, is a command that runs."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from typer import Typer

from service.cli.main import app
from service.server.live_server import Service
from service.storage.connect import open_database
from tests.acceptance.commands import descent
from tests.service.helpers import fit_body

PAGE = Path(__file__).parent.parent.parent / "docs" / "command-line.md"
HEIGHTS = "age,height\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n5,8.7\n6,9.1\n7,9.4\n8,9.3\n"
ENDLESS = {"serve", "worker"}
"""Commands that run until Ctrl-C; other tests start them."""


def commands(group: Typer = app, prefix: str = "") -> Iterator[str]:
    """The commands of a group and of the groups in it."""
    for command in group.registered_commands:
        function = command.callback
        assert function is not None
        yield prefix + (command.name or function.__name__)
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        name = inner.typer_instance.info.name
        yield from commands(inner.typer_instance, prefix + (f"{name} " if isinstance(name, str) else ""))


COMMANDS = sorted(commands())


def example_of(command: str) -> str:
    """The example in the help of a command; the help is as wide as the example."""
    done = descent(*command.split(), "--help", COLUMNS="200")
    assert done.returncode == 0
    [example] = re.findall(r"^\W*Example: (descent .*?)\s*\W?$", done.stdout, flags=re.MULTILINE)
    return str(example)


@pytest.fixture(scope="module")
def folder(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of data and a database; the service has two runs on the data."""
    found = tmp_path_factory.mktemp("home") / "here"
    found.mkdir()
    (found / "heights.csv").write_text(HEIGHTS)
    open_database(f"sqlite:///{found}/data.db", 1.0).dispose()
    for rate in ("0.001", "0.01"):
        words = ("--target", "height", "--learning-rate", rate, "--url", service.url)
        done = descent("fit", str(found / "heights.csv"), *words)
        assert done.returncode == 0, done.stderr
    return found


@pytest.fixture
def home(folder: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the folder the current one, with its database and the service."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DESCENT_URL", service.url)
    monkeypatch.setenv("DESCENT_DATABASE_URL", f"sqlite:///{folder}/data.db")
    monkeypatch.setenv("BROWSER", "true")  # the program, which opens nothing


def words_of(example: str, service: Service) -> list[str]:
    """The words of an example after `descent`; an id is that of something that exists."""
    words = shlex.split(example)[1:]
    if words[0] == "cancel":
        long = fit_body(model={"kind": "formula", "formula": "a*sin(b*age)"}, descent={"steps": 10**6})
        long["dataset"]["feature_names"] = ["age"]
        words[-1] = httpx2.post(f"{service.url}/fit", json=long).raise_for_status().json()["id"]
    elif words[:2] == ["datasets", "delete"]:
        answer = httpx2.post(f"{service.url}/datasets", content="a,b\n1,2\n3,5\n", headers={"Content-Type": "text/csv"})
        words[-1] = answer.raise_for_status().json()["id"]
    elif words[:2] == ["keys", "revoke"]:
        words[-1] = json.loads(descent("keys", "create", "somebody", "--json").stdout)["id"]
    return words


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("home")
def test_the_example_of_a_help_runs(command: str, service: Service) -> None:
    example = example_of(command)
    assert example.startswith(f"descent {command}")
    assert f"`{example}`" in PAGE.read_text(encoding="utf-8")
    if command in ENDLESS:
        return
    done = descent(*words_of(example, service))
    assert done.returncode == 0, done.stderr
    assert done.stdout or done.stderr


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in {*ENDLESS, "demo"}])
@pytest.mark.usefixtures("home")
def test_every_command_prints_json(command: str, service: Service) -> None:
    words = words_of(example_of(command), service)
    if command == "trajectory":
        del words[words.index("-o") :]
    if command == "backup":
        words.append("--force")
    done = descent(*words, "--json")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines() if command == "watch" else [done.stdout]
    assert [isinstance(json.loads(line), dict | list) for line in lines] == [True] * max(1, len(lines))


def test_the_page_has_every_command_and_no_other() -> None:
    rows = re.findall(r"^\| `descent ([a-z ]+)`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    groups = {command.partition(" ")[0] for command in COMMANDS if " " in command}
    assert sorted(rows) == sorted({*COMMANDS, *groups})

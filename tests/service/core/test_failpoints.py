"""Failpoints: acts, places, passings, single hits, runs, and invalid specifications."""

import ast
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from service.core import failpoints
from service.core.failpoints import PLACES, FailpointError, Failpoints
from service.storage.errors import Failure, failure_of
from tests.waiting import LONGEST

ROOT = Path(__file__).parents[3]


def process(specification: str, *places: str) -> "subprocess.CompletedProcess[str]":
    """Runs a process that reaches these places and prints each one afterwards."""
    lines = [f"reach({place!r}); print({place!r}, flush=True)" for place in places]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(["from service.core.failpoints import reach", *lines])],
        env={**os.environ, "DESCENT_FAILPOINTS": specification},
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


@pytest.mark.parametrize(("act", "number"), [("kill", signal.SIGKILL), ("segfault", signal.SIGSEGV)])
def test_a_process_dies_at_the_specified_passing(act: str, number: int) -> None:
    ended = process(f"append.before={act}@2", *["append.before", "append.after", "append.before", "append.after"])
    assert (ended.returncode, ended.stdout.split()) == (-number, ["append.before", "append.after"])


@pytest.mark.parametrize(("argument", "failure"), [("full", Failure.FULL), ("io", Failure.IO)])
def test_a_failpoint_raises_an_error_of_the_database(argument: str, failure: Failure) -> None:
    points = Failpoints(f"commit.before=fail:{argument}")
    points.reach("commit.after")
    with pytest.raises(OperationalError) as error:
        points.reach("commit.before")
    assert failure_of(error.value) is failure


def test_a_failpoint_raises_an_error_of_a_bug() -> None:
    with pytest.raises(RuntimeError, match="a failpoint"):
        Failpoints("finish.after=fail:bug").reach("finish.after")


def test_a_file_limits_a_failpoint_to_one_hit_of_all_processes(tmp_path: Path) -> None:
    file = tmp_path / "hit"
    points, others = (Failpoints(f"claim.before=fail:bug>{file}; claim.before=fail:io@3") for _ in range(2))
    with pytest.raises(RuntimeError):
        points.reach("claim.before")
    assert file.exists()
    for passing in range(3):
        if passing < 2:
            others.reach("claim.before")
        else:
            with pytest.raises(OperationalError):
                others.reach("claim.before")


def test_a_failpoint_of_a_run_acts_while_that_run_is_the_last_claimed() -> None:
    points = Failpoints("append.before[poison]=fail:bug")
    points.reach("append.before")
    for name in ("poison", "another", None, "poison"):
        points.reach("claim.after", name)
        if name == "poison":
            with pytest.raises(RuntimeError):
                points.reach("append.before")
        else:
            points.reach("append.before")


def test_a_failpoint_stalls_until_a_file_exists(tmp_path: Path) -> None:
    release = tmp_path / "go on"
    points = Failpoints(f"commit.after=stall:{release}>{tmp_path}/reached")
    thread = threading.Thread(target=points.reach, args=("commit.after",))
    thread.start()
    while not (tmp_path / "reached").exists():
        assert thread.is_alive()
    thread.join(0.05)
    assert thread.is_alive()
    release.touch()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        ("append", "'append' is not PLACE[RUN]=ACT"),
        ("append.before", "is not PLACE"),
        ("apend.before=kill", "Unknown place 'apend.before'. The places are claim.before"),
        ("append.before=smash", "Unknown act 'smash'. The acts are kill"),
        ("append.before=kill:now", "kill takes no argument"),
        ("append.before=stall:long", "stall takes an argument of the form"),
        ("append.before=stall", "stall takes an argument of the form"),
        ("append.before=fail:whale", "full|io|bug"),
        ("append.before=kill@0", "is not PLACE"),
        ("append.before=kill;commit.after", "'commit.after' is not"),
    ],
)
def test_an_invalid_specification_is_refused(specification: str, message: str) -> None:
    with pytest.raises(FailpointError) as error:
        Failpoints(specification)
    assert message in str(error.value)


def test_a_process_refuses_to_start_with_a_wrong_specification() -> None:
    ended = process("append.befor=kill")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("DESCENT_FAILPOINTS: Unknown place 'append.befor'. The places are claim.before, ")
    assert len(ended.stderr.splitlines()) == 1


def test_the_code_reaches_exactly_the_listed_places() -> None:
    reached = [
        call.args[0].value
        for path in (ROOT / "service").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "reach"
        if isinstance(call.args[0], ast.Constant)
    ]
    assert sorted(map(str, reached)) == sorted(PLACES)


def test_without_a_specification_failpoints_do_nothing() -> None:
    assert os.environ.get("DESCENT_FAILPOINTS") is None
    assert failpoints.reach is failpoints._do_nothing

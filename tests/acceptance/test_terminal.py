"""`descent fit` in a real terminal and through a pipe: a live picture in the one, plain lines in the other."""

import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from service.server.live_server import Service
from tests.acceptance.commands import descent
from tests.acceptance.test_help_examples import HEIGHTS
from tests.required_programs import required
from tests.waiting import LONGEST, until

DESCENT = f"{shlex.quote(sys.executable)} -m service.cli.main"
ROOT = Path(__file__).parent.parent.parent
BLOCKS = set("▂▃▄▅▆▇█")
LONG = "--function rosenbrock --steps 10000000 --learning-rate 1e-4"


class Terminal:
    """A terminal of 100 columns with a shell."""

    def __init__(self, url: str) -> None:
        self._tmux = [required("tmux"), "-L", f"descent-{secrets.token_hex(4)}", "-f", "/dev/null"]
        variables = {"DESCENT_URL": url, "PYTHONPATH": str(ROOT), "PS1": "$ ", "LC_ALL": "C.UTF-8"}
        given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        self._run("new-session", "-d", "-x", "100", "-y", "40", *given, "sh")

    def _run(self, *words: str) -> str:
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [*self._tmux, *words], env=environment, capture_output=True, text=True, timeout=LONGEST, check=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        """Presses keys, such as Enter and C-c; other words are typed."""
        self._run("send-keys", *keys)

    @property
    def screen(self) -> str:
        """What is on the screen; a line that is longer than the screen is one line."""
        return self._run("capture-pane", "-p", "-J")

    def close(self) -> None:
        self._run("kill-server")


@pytest.fixture
def terminal(service: Service) -> Iterator[Terminal]:
    opened = Terminal(service.url)
    yield opened
    opened.close()


def rounded(lines: list[str]) -> list[str]:
    """The lines with four digits of each number, and without the id and the duration of the run."""
    texts = (re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", line.rstrip()) for line in lines)
    return [re.sub(r"http.*/runs/\w+|\d+ s$", "", text) for text in texts if text]


def test_the_screen_is_that_of_the_page(terminal: Terminal, tmp_path: Path) -> None:
    """A bar, both criteria, their curves, the report and the verdict."""
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    command, *shown = page.partition("```\n$ ")[2].partition("\n```")[0].splitlines()
    (tmp_path / "heights.csv").write_text(HEIGHTS)
    terminal.press(f"cd {shlex.quote(str(tmp_path))}; clear", "Enter")
    terminal.press(f"{command.replace('descent', DESCENT, 1)}; echo code $?", "Enter")
    until(lambda: "code 0" in terminal.screen)
    lines = terminal.screen.splitlines()
    begin, end = lines.index(shown[0]), lines.index("code 0")
    assert rounded(lines[begin:end]) == rounded(shown)
    assert "200 of 200 steps" in shown[1]
    assert BLOCKS & set(shown[2])
    assert BLOCKS & set(shown[3])


def test_a_long_run_is_shown_while_it_descends_and_ctrl_c_leaves_it(terminal: Terminal, service: Service) -> None:
    terminal.press(f"{DESCENT} fit {LONG}; echo code $?", "Enter")
    until(lambda: "running ━" in terminal.screen and BLOCKS & set(terminal.screen))
    assert "of 10,000,000 steps" in terminal.screen
    terminal.press("C-c")
    until(lambda: "code 130" in terminal.screen)
    told = terminal.screen
    run_id = told.partition("`descent cancel ")[2].partition("`")[0]
    assert f"/#/runs/{run_id}\n" in told
    assert httpx2.get(f"{service.url}/runs/{run_id}").json()["status"] == "running"
    assert descent("cancel", run_id, "--url", service.url).returncode == 0


def test_ctrl_c_ends_a_local_run_and_its_service(terminal: Terminal) -> None:
    terminal.press(f"{DESCENT} fit {LONG} --local; echo code $?", "Enter")
    until(lambda: "running ━" in terminal.screen)
    terminal.press("C-c")
    until(lambda: "code 130" in terminal.screen)
    assert "The run ended with its service." in terminal.screen
    assert "Traceback" not in terminal.screen


def test_a_pipe_gets_the_report_alone(service: Service) -> None:
    command = f"printf '{HEIGHTS}' | {DESCENT} fit - --standardize --optimizer momentum | cat"
    done = subprocess.run(
        ["sh", "-c", command.replace("\n", "\\n")],
        env={**os.environ, "DESCENT_URL": service.url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    assert done.stdout.startswith("8 rows: height by age\nfinished: 100 steps, learning rate ")
    assert not {"\x1b", "━", "█"} & set(done.stdout + done.stderr)
    assert done.stderr == ""


def test_a_local_fit_has_the_numbers_of_a_service_and_writes_every_step(service: Service, tmp_path: Path) -> None:
    file, steps = tmp_path / "heights.csv", tmp_path / "steps.csv"
    file.write_text(HEIGHTS)
    here = descent("fit", str(file), "--standardize", "--local", "-o", str(steps))
    there = descent("fit", str(file), "--standardize", "--url", service.url)
    assert (here.returncode, there.returncode) == (0, 0), here.stderr
    *report, page = there.stdout.splitlines()
    assert here.stdout.splitlines() == report
    run_id = page.rpartition("/")[2]
    assert steps.read_bytes() == httpx2.get(f"{service.url}/runs/{run_id}/trajectory?format=csv").content
    assert f"{steps}: " in here.stderr


def test_a_watched_run_is_told_line_by_line_and_event_by_event(service: Service) -> None:
    done = descent("fit", "--sample", "norris", "--standardize", "--json", "--url", service.url)
    run = json.loads(done.stdout)
    watched = descent("watch", run["id"], "--url", service.url)
    assert watched.returncode == 0
    assert watched.stderr.splitlines()[-1].startswith("finished: 100 of 100 steps, E(θ) ")
    assert watched.stdout == descent("show", run["id"], "--url", service.url).stdout
    events = descent("watch", run["id"], "--json", "--url", service.url).stdout.splitlines()
    assert [json.loads(event)["event"] for event in events] == ["status", "progress", "finished"]
    assert json.loads(events[-1])["final"] == run["final"]

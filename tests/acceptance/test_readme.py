"""The commands of the README, of the API guide and of the page on the command line run as one script.

They run unchanged and in order, against a real service. Nothing waits in between.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import Service
from tests.required_programs import missing
from tests.waiting import LONGEST

ROOT = Path(__file__).parent.parent.parent
FUNCTION = 'curl() { command curl -sS "$@"; }\n'
"""Hides the progress of curl."""
DESCENT, PYTHON = ".venv/bin/descent", ".venv/bin/python"
IGNORED = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
"""What git leaves alone: the files that readers' commands write into their clone."""

SAYS = {
    "/events": "event: finished",
    "/runs?limit=0": "paramètre limit",
    "/bundle": "steps agree",
    "/model": "def predict",
}
"""Text of the answer, by a part of its command."""
BEGINS = {"curves.svg": "<svg", "run.html": "<!doctype html>"}
"""The beginning of each file that a command makes."""


def commands(document: str) -> list[str]:
    """The code blocks of a document that call the service."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), flags=re.DOTALL)
    return [block for block in blocks if "curl" in block or DESCENT in block]


README, GUIDE = commands("README.md"), commands("docs/api-guide.md")
TERMINAL = commands("docs/command-line.md")


def curl(command: str, service: Service, folder: Path) -> str:
    """What the command writes. It runs in this folder, which gets the files that it makes."""
    if shutil.which("curl") is None:
        missing("curl")
    here = command.replace("http://127.0.0.1:8000", service.url)
    here = here.replace(PYTHON, f"'{sys.executable}'")  # first: the path of this Python may have the same end
    here = here.replace(DESCENT, f"'{sys.executable}' -m service.cli.main")
    done = subprocess.run(
        ["bash", "-c", FUNCTION + here],
        cwd=folder,
        env=os.environ | {"DESCENT_URL": service.url},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    return done.stdout


def test_the_first_example_returns_the_finished_run_and_its_address(
    service: Service, client: httpx2.Client, tmp_path: Path
) -> None:
    answer = curl(README[0], service, tmp_path)
    assert answer.startswith("HTTP/1.1 200")
    [location] = re.findall(r"(?im)^location: (\S+)", answer)
    assert client.get(location).json()["status"] == "succeeded"


def test_the_documents_are_one_script(service: Service, tmp_path: Path) -> None:
    assert (len(README), len(GUIDE), len(TERMINAL)) == (7, 27, 1)
    answers = {command: curl(command, service, tmp_path) for command in README + GUIDE + TERMINAL}
    for command, answer in answers.items():
        if DESCENT in command:
            reports = command.count(f"{DESCENT} fit ") + command.count(f"{DESCENT} show")
            assert answer.count("finished: ") == reports
        elif "/predict " in command:
            assert json.loads(answer)["y"] == pytest.approx([2.5, 300], abs=1)  # Norris: y is close to x
        elif "format=csv" in command:
            assert answer.startswith("step,theta.intercept")
            assert answer.count("\n") == 102  # the names, and steps 0 to 100
        elif (says := next((text for part, text in SAYS.items() if part in command), None)) is not None:
            assert says in answer
        elif (file := next((name for name in BEGINS if f"-o {name}" in command), None)) is not None:
            assert (tmp_path / file).read_text(encoding="utf-8").startswith(BEGINS[file])
        else:
            assert [body.get("detail") for body in bodies(answer)] == [None] * (
                command.count("curl ") - command.count("$(")
            )
    assert {each.name for each in tmp_path.iterdir()} <= IGNORED


def bodies(answer: str) -> list[dict[str, Any]]:
    """The JSON objects of an answer, one after the other, after any headers."""
    found: list[dict[str, Any]] = []
    rest = answer[answer.index("{") :]
    while rest:
        body, end = json.JSONDecoder().raw_decode(rest)
        found.append(body)
        rest = rest[end:].lstrip()
    return found


def test_the_guides_check_names_the_mistake(service: Service, tmp_path: Path) -> None:
    [command] = [command for command in GUIDE if "/check" in command]
    verdict = json.loads(curl(command, service, tmp_path))
    assert not verdict["right"]
    assert "missing_factor_2" in [mistake["code"] for mistake in verdict["mistakes"]]


def test_norris_agrees_with_nist_as_the_document_says(service: Service, tmp_path: Path) -> None:
    [command] = [command for command in README if "norris" in command and "test_fraction" in command]
    coefficients = json.loads(curl(command, service, tmp_path))["final"]["coefficients"]
    assert coefficients["intercept"] == pytest.approx(-0.262323073774029, rel=5e-10)
    assert coefficients["x"] == pytest.approx(1.00211681802045, rel=5e-10)


def test_misra1a_agrees_with_nist_as_the_document_says(service: Service, tmp_path: Path) -> None:
    [command] = [command for command in GUIDE if "100*b1" in command]
    run = json.loads(curl(command, service, tmp_path))
    assert 14 * run["final"]["train_mse"] == pytest.approx(0.12455138894, rel=1e-9)
    assert 100 * run["final"]["coefficients"]["b1"] == pytest.approx(238.94212918, rel=1e-6)
    assert run["diagnosis"] == []


def test_the_courses_preset_diverges_says_where_and_keeps_every_finite_step(
    service: Service, client: httpx2.Client, tmp_path: Path
) -> None:
    [command] = [command for command in README if "preset" in command]
    run = json.loads(curl(command, service, tmp_path))
    assert (run["status"], run["stop_reason"]) == ("diverged", "diverged")
    trajectory = client.get(f"/runs/{run['id']}/trajectory").json()
    assert trajectory["step"] == list(range(run["diverged_at"]))
    assert all(None not in theta for theta in trajectory["theta"])
    assert None not in trajectory["train_loss"]


def test_the_change_of_the_diagnosis_does_what_the_readme_says(client: httpx2.Client) -> None:
    def fit(**changes: Any) -> Any:
        body = {"dataset": {"sample": "norris"}, "preset": "course", **changes}
        return client.post("/fit", json=body, headers={"Prefer": "wait=60"}).json()

    [finding] = fit()["diagnosis"]
    assert finding["change"] == {"descent": {"learning_rate": "auto"}}
    changed = fit(**finding["change"])
    assert changed["final"]["train_loss"] == pytest.approx(changed["optimum"]["train_loss"], rel=0.1)
    assert abs(changed["final"]["theta"][0] - changed["optimum"]["theta"][0]) > 0.2
    both = fit(standardize=True, **finding["change"])
    assert both["final"]["theta"] == pytest.approx(both["optimum"]["theta"], rel=1e-9)
    assert fit(standardize=True)["status"] == "diverged"

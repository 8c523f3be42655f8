"""The README's commands run as they stand, one after the other, against a real service."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest

from service.testing.live_server import Service
from tests.acceptance.helpers import finished
from tests.required_programs import missing
from tests.waiting import LONGEST

README = Path(__file__).parent.parent.parent / "README.md"
COMMANDS = [block for block in re.findall(r"```sh\n(.*?)```", README.read_text(), flags=re.DOTALL) if "curl" in block]


def curl(command: str, service: Service) -> str:
    if shutil.which("curl") is None:
        missing("curl")
    done = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl -sS ", 1).replace("http://127.0.0.1:8000", service.url)],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    return done.stdout


def test_the_first_example_is_accepted_and_at_its_location_is_a_run_that_succeeds(
    service: Service, client: httpx2.Client
) -> None:
    answer = curl(COMMANDS[0], service)
    assert answer.startswith("HTTP/1.1 202")
    [location] = re.findall(r"(?im)^location: (\S+)", answer)
    run = finished(client, location.removeprefix("/runs/"))
    assert run["status"] == "succeeded"


def test_each_command_works_after_the_one_before(service: Service, client: httpx2.Client) -> None:
    assert len(COMMANDS) >= 7
    for command in COMMANDS:
        answer = curl(command, service)
        if "format=csv" in command:
            assert answer.startswith("step,theta.intercept")
            continue
        if "/events" in command:
            assert answer.rstrip().rpartition("event: ")[2].startswith("finished")
            continue
        body = json.loads(answer[answer.index("{") :])
        assert "detail" not in body, body
        if "/fit" in command or "/fork" in command:
            assert finished(client, body["id"])["status"] in {"succeeded", "diverged"}


def test_norris_agrees_with_nist_as_the_readme_says(service: Service) -> None:
    [command] = [command for command in COMMANDS if "norris" in command and "test_fraction" in command]
    coefficients = json.loads(curl(command, service))["final"]["coefficients"]
    assert coefficients["intercept"] == pytest.approx(-0.262323073774029, rel=5e-10)
    assert coefficients["x"] == pytest.approx(1.00211681802045, rel=5e-10)


def test_misra1a_agrees_with_nist_as_the_readme_says(service: Service) -> None:
    [command] = [command for command in COMMANDS if "formula" in command]
    run = json.loads(curl(command, service))
    assert 14 * run["final"]["train_mse"] == pytest.approx(0.12455138894, rel=1e-9)
    assert 100 * run["final"]["coefficients"]["b1"] == pytest.approx(238.94212918, rel=1e-6)
    assert run["diagnosis"] == []


def test_the_courses_preset_diverges_says_where_and_keeps_every_finite_step(
    service: Service, client: httpx2.Client
) -> None:
    [command] = [command for command in COMMANDS if "preset" in command]
    run = json.loads(curl(command, service))
    assert (run["status"], run["stop_reason"]) == ("diverged", "diverged")
    trajectory = client.get(f"/runs/{run['id']}/trajectory").json()
    assert trajectory["step"] == list(range(run["diverged_at"]))
    assert all(None not in theta for theta in trajectory["theta"])
    assert None not in trajectory["train_loss"]

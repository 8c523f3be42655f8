"""The commands of the README and of the API guide run unchanged and in order against a real service."""

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

ROOT = Path(__file__).parent.parent.parent
ENDED = {"succeeded", "diverged"}


def commands(document: str) -> list[str]:
    """The code blocks of a document that call curl."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), flags=re.DOTALL)
    return [block for block in blocks if "curl" in block]


README, GUIDE = commands("README.md"), commands("docs/api-guide.md")


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
    answer = curl(README[0], service)
    assert answer.startswith("HTTP/1.1 202")
    [location] = re.findall(r"(?im)^location: (\S+)", answer)
    run = finished(client, location.removeprefix("/runs/"))
    assert run["status"] == "succeeded"


def test_each_command_works_after_the_one_before(service: Service, client: httpx2.Client) -> None:
    assert (len(README), len(GUIDE)) == (6, 13)
    for command in README + GUIDE:
        answer = curl(command, service)
        if "format=csv" in command:
            assert answer.startswith("step,theta.intercept")
            continue
        if "/events" in command:
            assert answer.rstrip().rpartition("event: ")[2].startswith("finished")
            continue
        body = json.loads(answer[answer.index("{") :])
        assert "detail" not in body, body
        if ("/fit" in command and "validate_only" not in command) or "/fork" in command:
            assert finished(client, body["id"])["status"] in ENDED


def test_the_guides_check_names_the_mistake(service: Service) -> None:
    [command] = [command for command in GUIDE if "/check" in command]
    verdict = json.loads(curl(command, service))
    assert not verdict["right"]
    assert "missing_factor_2" in [mistake["code"] for mistake in verdict["mistakes"]]


def test_norris_agrees_with_nist_as_the_document_says(service: Service) -> None:
    [command] = [command for command in README if "norris" in command and "test_fraction" in command]
    coefficients = json.loads(curl(command, service))["final"]["coefficients"]
    assert coefficients["intercept"] == pytest.approx(-0.262323073774029, rel=5e-10)
    assert coefficients["x"] == pytest.approx(1.00211681802045, rel=5e-10)


def test_misra1a_agrees_with_nist_as_the_document_says(service: Service) -> None:
    [command] = [command for command in GUIDE if "formula" in command]
    run = json.loads(curl(command, service))
    assert 14 * run["final"]["train_mse"] == pytest.approx(0.12455138894, rel=1e-9)
    assert 100 * run["final"]["coefficients"]["b1"] == pytest.approx(238.94212918, rel=1e-6)
    assert run["diagnosis"] == []


def test_the_courses_preset_diverges_says_where_and_keeps_every_finite_step(
    service: Service, client: httpx2.Client
) -> None:
    [command] = [command for command in README if "preset" in command]
    run = json.loads(curl(command, service))
    assert (run["status"], run["stop_reason"]) == ("diverged", "diverged")
    trajectory = client.get(f"/runs/{run['id']}/trajectory").json()
    assert trajectory["step"] == list(range(run["diverged_at"]))
    assert all(None not in theta for theta in trajectory["theta"])
    assert None not in trajectory["train_loss"]

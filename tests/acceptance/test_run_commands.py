"""`descent runs`, `show` and `trajectory`: the numbers are those of the API."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import Service
from tests.acceptance.commands import descent
from tests.service.helpers import fit_body
from tests.waiting import LONGEST


def fitted(service: Service, **changes: Any) -> dict[str, Any]:
    wait = {"Prefer": "wait=60"}
    answer = httpx2.post(f"{service.url}/fit", json=fit_body(**changes), headers=wait, timeout=LONGEST)
    run: dict[str, Any] = answer.raise_for_status().json()
    return run


def test_runs_are_listed_as_a_table_and_as_json(service: Service) -> None:
    run = fitted(service, name="a line", tags={"made": "here"})
    fitted(service, name="too fast", tags={"made": "here"}, descent={"steps": 2000, "learning_rate": 1e3})
    done = descent("runs", "--tag", "made:here", "--url", service.url)
    assert done.returncode == 0, done.stderr
    head, first, second = done.stdout.splitlines()
    assert head.split("  ")[0].strip() == "id"
    assert ("too fast" in first, "diverged" in first, run["id"] in second) == (True, True, True)
    assert f"{run['final']['train_mse']:.4g}" in second
    done = descent("runs", "--tag", "made:here", "--status", "succeeded", "--json", "--url", service.url)
    assert [each["id"] for each in json.loads(done.stdout)] == [run["id"]]
    none = descent("runs", "--tag", "made:elsewhere", "--url", service.url)
    assert (none.returncode, none.stdout) == (0, "")
    assert "descent fit FILE" in none.stderr


def test_more_runs_than_a_page_are_listed(service: Service) -> None:
    rates = {"from": 0.001, "to": 0.1, "count": 210}
    base = fit_body(tags={"many": "yes"}, descent={"steps": 1})
    httpx2.post(
        f"{service.url}/sweeps", json={"base": base, "grid": {"/descent/learning_rate": rates}}
    ).raise_for_status()
    done = descent("runs", "--tag", "many:yes", "--limit", "205", "--json", "--url", service.url)
    assert len({each["id"] for each in json.loads(done.stdout)}) == 205


def test_a_run_is_shown_with_its_verdict(service: Service) -> None:
    run = fitted(service)
    done = descent("show", run["id"], "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"finished: {run['steps_done']} steps, learning rate ")
    assert f"  train MSE = {run['final']['train_mse']!r}\n" in done.stdout
    assert done.stdout.endswith(f"{service.url}/#/runs/{run['id']}\n")
    shown = json.loads(descent("show", run["id"], "--json", "--url", service.url).stdout)
    assert (shown["id"], shown["final"]) == (run["id"], run["final"])
    unknown = descent("show", "nothing", "--url", service.url)
    assert unknown.returncode == 1
    assert "nothing" in unknown.stderr


@pytest.mark.parametrize(("name", "kind"), [("steps.csv", "csv"), ("steps.json", "json"), ("steps.jsonl", "ndjson"), ("steps.npz", "npz")])
def test_a_file_holds_the_trajectory_of_the_api(name: str, kind: str, service: Service, tmp_path: Path) -> None:
    run = fitted(service)
    file = tmp_path / name
    done = descent("trajectory", run["id"], "-o", str(file), "--url", service.url)
    assert done.returncode == 0, done.stderr
    content = httpx2.get(f"{service.url}/runs/{run['id']}/trajectory?format={kind}").content
    assert file.read_bytes() == content
    assert f"{len(content):,} bytes" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_standard_output_gets_the_chosen_steps(service: Service) -> None:
    run = fitted(service, descent={"steps": 50})
    words = ("--every", "10", "--to-step", "40", "--fields", "step,train_mse")
    done = descent("trajectory", run["id"], *words, "--url", service.url)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["step"] for row in rows] == ["0", "10", "20", "30", "40"]
    assert rows[0].keys() == {"step", "train_mse"}


def test_a_refusal_leaves_the_file_as_it_was(service: Service, tmp_path: Path) -> None:
    run, file = fitted(service), tmp_path / "steps.csv"
    file.write_text("mine")
    for words, expected in (
        ((run["id"], "--fields", "nothing"), "nothing"),
        (("unknown",), "unknown"),
        ((run["id"], "-o", str(tmp_path / "steps.xls")), "--format"),
        ((run["id"], "-o", str(tmp_path / "no" / "steps.csv")), "No such file"),
    ):
        done = descent("trajectory", "-o", str(file), *words, "--url", service.url)
        assert done.returncode == 1
        assert expected in done.stderr
        assert "Traceback" not in done.stderr
    assert file.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["steps.csv"]


@pytest.mark.parametrize("command", ["runs", "show", "trajectory"])
def test_no_service_is_told(command: str) -> None:
    done = descent(command, "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "No service answers at http://127.0.0.1:1." in done.stderr

"""`descent fork`, `verify`, `compare`, `sweep`, `predict`, `datasets` and `open`: the numbers are those of the API."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import Service
from tests.acceptance.commands import descent
from tests.acceptance.test_help_examples import HEIGHTS
from tests.waiting import LONGEST, until


@pytest.fixture
def heights(tmp_path: Path) -> Path:
    file = tmp_path / "heights.csv"
    file.write_text(HEIGHTS)
    return file


def fitted(service: Service, *words: str) -> dict[str, Any]:
    """The run of a fit by the command."""
    done = descent("fit", *words, "--json", "--url", service.url)
    assert done.returncode == 0, done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    return run


def predicted(service: Service, run: dict[str, Any], x: list[list[float]]) -> list[Any]:
    answer = httpx2.post(f"{service.url}/runs/{run['id']}/predict", json={"x": x})
    found: list[Any] = answer.raise_for_status().json()["y"]
    return found


def test_a_diverged_run_has_its_exit_code(service: Service) -> None:
    words = ("--function", "a**2", "--theta0", "1", "--learning-rate", "2", "--steps", "5000", "--url", service.url)
    done = descent("fit", *words)
    assert (done.returncode, done.stdout.partition(":")[0]) == (3, "diverged")
    assert json.loads(descent("fit", *words, "--json").stdout)["status"] == "diverged"
    run_id = done.stdout.strip().rpartition("/")[2]
    assert descent("watch", run_id, "--url", service.url).returncode == 3


def test_a_fork_starts_at_the_step_with_the_changes(service: Service, heights: Path) -> None:
    run = fitted(service, str(heights), "--learning-rate", "0.01")
    words = ("--from-step", "40", "--set", "descent.learning_rate=0.001", "--set", "descent.steps=7")
    done = descent("fork", run["id"], *words, "--json", "--url", service.url)
    assert done.returncode == 0, done.stderr
    forked = json.loads(done.stdout)
    assert (forked["forked_from"]["run_id"], forked["forked_from"]["step"]) == (run["id"], 40)
    assert (forked["learning_rate"], forked["steps_done"]) == (0.001, 7)
    refused = descent("fork", run["id"], "--from-step", "4000", "--url", service.url)
    assert refused.returncode == 1
    assert "4000" in refused.stderr


def test_a_verification_is_told(service: Service, heights: Path) -> None:
    run = fitted(service, str(heights))
    done = descent("verify", run["id"], "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"identical: the recomputed steps of the run {run['id']} have the same bits.\n"
    live = httpx2.post(f"{service.url}/fit", json={"function": {"name": "rosenbrock"}, "descent": {"steps": 10**7}})
    done = descent("verify", live.json()["id"], "--url", service.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert descent("cancel", live.json()["id"], "--url", service.url).returncode == 0


def test_a_comparison_has_the_fields_that_differ(service: Service, heights: Path) -> None:
    slow, fast = (fitted(service, str(heights), "--learning-rate", rate) for rate in ("0.001", "0.01"))
    done = descent("compare", slow["id"], fast["id"], "--url", service.url)
    head, *rows = done.stdout.splitlines()
    assert head.split()[-1] == "descent.learning_rate"
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [(slow["id"], "0.001"), (fast["id"], "0.01")]
    assert f"{fast['final']['test_mse']:.4g}" in rows[1]


def test_a_sweep_is_ranked(service: Service, heights: Path) -> None:
    words = ["--vary", "learning_rate=0.01,0.001", "--vary", "model.degree=[1, 2]", "--set", "model.kind=polynomial"]
    words += ["--set", "standardize=true", "--rank-by", "train_mse", "--url", service.url]
    done = descent("sweep", str(heights), *words)
    assert done.returncode == 0, done.stderr
    understood, head, *rows, page = done.stdout.splitlines()
    assert understood == "8 rows: height by age"
    assert head.split()[:4] == ["rank", "id", "descent.learning_rate", "model.degree"]
    ranking = httpx2.get(page.replace("/#/", "/")).json()["ranking"]
    assert [row.split()[:2] for row in rows] == [[str(each["rank"]), each["run_id"]] for each in ranking]
    errors = [each["train_mse"] for each in ranking]
    assert (len(errors), errors == sorted(errors)) == (4, True)
    log = '{"from": 0.001, "to": 0.1, "count": 3, "scale": "log"}'
    found = json.loads(descent("sweep", str(heights), "--vary", f"l2={log}", "--json", "--url", service.url).stdout)
    assert sorted(each["values"]["/objective/l2"] for each in found["ranking"]) == pytest.approx([0.001, 0.01, 0.1])


@pytest.mark.parametrize(
    ("vary", "cause"),
    [
        ("learning_rate", "--vary: 'learning_rate' has no values."),
        ("no.such=1,2", "--vary no.such: The request has no such field."),
    ],
)
def test_a_refused_sweep_names_the_cause(vary: str, cause: str, service: Service, heights: Path) -> None:
    done = descent("sweep", str(heights), "--vary", vary, "--url", service.url)
    assert done.returncode == 1
    assert cause in done.stderr


def test_predictions_of_a_file_of_standard_input_and_of_a_dataset(service: Service, heights: Path) -> None:
    run = fitted(service, str(heights), "--standardize")
    ages = [float(row["age"]) for row in csv.DictReader(io.StringIO(HEIGHTS))]
    expected = predicted(service, run, [[age] for age in ages])
    output = heights.with_name("out.csv")
    words = ("--run", run["id"], "--url", service.url)
    of_file = descent("predict", str(heights), "-o", str(output), *words)
    of_dataset = descent("predict", "--dataset", run["dataset"]["id"], *words)
    assert output.read_text() == of_dataset.stdout, of_file.stderr
    assert of_dataset.stdout.splitlines() == ["height", *map(repr, expected)]
    command = [sys.executable, "-m", "service.cli.main", "predict", "-", "--step", "best", "--json", *words]
    text = "other;age\nx;1,5\n"
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=LONGEST, cwd=root, check=True)
    assert (
        json.loads(done.stdout)["y"]
        == httpx2.post(f"{service.url}/runs/{run['id']}/predict", json={"x": [[1.5]], "step": "best"}).json()["y"]
    )


def test_predictions_read_texts_and_a_stated_decimal_mark_as_an_upload(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("sex,size,weight\nf,1.5,50\nm,1.75,82\nf,1.25,63\nm,2.5,70\n")
    run = fitted(service, str(file), "--target", "weight")
    file.write_text("size;sex\n1,250;m\n1,500;f\n")
    done = descent("predict", str(file), "--reading", "decimal=,", "--run", run["id"], "--url", service.url)
    assert done.stdout.splitlines() == ["weight", *map(repr, predicted(service, run, [[1, 1.25], [0, 1.5]]))]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("weight\n1\n", "The file has no column 'age'; the columns are 'weight'."),
        ("age,x\n1,1\n\ntwo,2\n", "row 4, column age: 'two' is not a number"),
        ("age,x\n1,1\n1_000,2\n", "row 3, column age: '1_000' is not a number"),
        ("age,x\n1,1\nnan,2\n", "row 3, column age: "),
        ("age,x\n1,1\ninf,2\n", "row 3, column age: 'inf' is not a number"),
        ("age\n", "The file has no rows of data below the header."),
        ("", "The file is empty."),
    ],
)
def test_a_file_without_the_features_is_refused(text: str, cause: str, service: Service, heights: Path) -> None:
    run = fitted(service, str(heights))
    heights.write_text(text)
    done = descent("predict", str(heights), "--run", run["id"], "--url", service.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert cause in done.stderr


def test_datasets_are_listed_uploaded_and_deleted(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "only-here.csv"
    file.write_text("a,b\n1,2\n2,4.5\n3,6\n")
    done = descent("datasets", "upload", str(file), "--target", "a", "--url", service.url)
    assert done.returncode == 0, done.stderr
    understood, dataset_id = done.stdout.splitlines()
    assert understood == "3 rows: a by b"
    listed = descent("datasets", "list", "--url", service.url).stdout
    assert any(line.split()[:4] == [dataset_id, "only-here.csv", "3", "a"] for line in listed.splitlines())
    assert descent("datasets", "delete", dataset_id, "--url", service.url).stderr == f"deleted: {dataset_id}\n"
    again = descent("datasets", "delete", dataset_id, "--url", service.url)
    assert again.returncode == 1
    assert dataset_id in again.stderr
    assert descent("datasets", "delete", "../runs", "--url", service.url).stderr.startswith("No dataset has the id ")


def test_a_narrow_terminal_has_the_whole_description_of_a_sample(service: Service) -> None:
    told = descent("samples", "--url", service.url, COLUMNS="80").stdout
    assert max(map(len, told.splitlines())) <= 80
    words = httpx2.get(f"{service.url}/samples").json()["data"][0]["description"].split()
    assert set(words) <= set(told.split())


def test_the_browser_gets_the_address_of_the_page(service: Service, heights: Path, tmp_path: Path) -> None:
    run = fitted(service, str(heights))
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    done = descent("open", run["id"], "--url", service.url, BROWSER=str(browser))
    assert done.stdout == f"{service.url}/#/runs/{run['id']}\n"
    until(opened.exists)
    until(lambda: opened.read_text() == done.stdout)


def test_completion_names_the_commands() -> None:
    variables = {**os.environ, "_DESCENT_COMPLETE": "complete_bash", "COMP_WORDS": "descent fo", "COMP_CWORD": "1"}
    program = "from service.cli.main import app; app(prog_name='descent')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=LONGEST)
    assert done.stdout.split() == ["fork"]

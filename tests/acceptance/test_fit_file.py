"""`descent fit FILE`: what the service understood of the file, and the result."""

import shlex
from pathlib import Path

import httpx2
import pytest

from service.server.live_server import Service
from tests.acceptance.commands import descent


def test_fit_prints_what_the_service_understood(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "plants.csv"
    rows = "".join(f"{i};{'ab'[i % 2]};{i},5;{2 * i + i % 2}\n" for i in range(1, 13))
    file.write_text(f";kind;age;height\n{rows}13;a;NA;4\n")
    done = descent("fit", str(file), "--url", service.url)
    assert done.returncode == 1
    assert done.stderr.startswith("row 14, column age: 1 value is missing (row 14 of the file)")
    assert "Add --missing drop to leave such rows out" in done.stderr
    done = descent("fit", str(file), "--missing", "drop", "--reading", "target=age", "--url", service.url)
    assert done.returncode == 0, done.stderr
    first, *report = done.stdout.splitlines()
    assert first == "12 rows: age by kind=b, height"
    assert report[0].startswith("  Column 'kind': each text is a feature of 0 and 1")
    assert "  Column 'column 1' has the numbers or names of the rows and is left out." in report
    assert any(line.startswith("finished: 100 steps") for line in report)


def test_a_parameter_without_a_value_is_refused(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n2,3\n")
    done = descent("fit", str(file), "--reading", "days", "--url", service.url)
    assert done.returncode == 1
    assert "--reading: 'days'" in done.stderr


def test_the_options_of_the_model_and_of_the_descent(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(8)))
    words = ["--model", "polynomial", "--set", "model.degree=2", "--standardize", "--loss", "sse", "--l1", "0.5"]
    words += ["--test-fraction", "0", "--optimizer", "ista", "--steps", "20", "--name", "squares"]
    done = descent("fit", str(file), *words, "--url", service.url)
    assert done.returncode == 0, done.stderr
    run = httpx2.get(f"{service.url}/runs/{done.stdout.split('/runs/')[-1].strip()}").json()
    assert run["name"] == "squares"
    request = run["request"]
    assert (request["model"]["kind"], request["model"]["degree"]) == ("polynomial", 2)
    assert request["objective"] == {"loss": "sse", "l1": 0.5, "l2": 0.0}
    assert request["standardize"]
    assert request["split"]["test_fraction"] == 0
    assert (request["descent"]["optimizer"]["kind"], request["descent"]["steps"]) == ("ista", 20)


def test_the_remedy_of_a_finding_is_options_that_keep_its_promise(service: Service) -> None:
    words = ["fit", "--function", "(a - 1)**2 + 10*b**2", "--learning-rate", "1", "--url", service.url]
    [line] = [line for line in descent(*words).stdout.splitlines() if line.startswith("  Instead: ")]
    options, _, outcome = line.removeprefix("  Instead: ").partition(" (train_loss ")
    assert options.startswith("--set descent.learning_rate=")
    again = descent(*words, *shlex.split(options)).stdout
    assert "  E(θ) = " in again
    reached = float(again.partition("  E(θ) = ")[2].split()[0])
    assert reached == pytest.approx(float(outcome.partition(" → ")[2].split()[0]), rel=1e-3)


def test_a_refusal_names_options(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    file.write_text("x,sort\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(8)))
    for words, expected in (
        ((), 'Choose the model {"kind": "logistic"} for two classes or {"kind": "softmax"}'),
        (("--reading", "foo=1"), "--reading foo: Unknown parameter."),
        (("--missing", "so"), "--missing: This must be 'refuse', 'drop' or 'mean'."),
        (("--model", "logistic", "--learning-rate", "0"), "--learning-rate: This must be greater than"),
        (("--model", "logistic", "--set", "foo=1"), "--set foo: Unknown field."),
    ):
        done = descent("fit", str(file), *words, "--url", service.url)
        assert done.returncode == 1
        assert expected in " ".join(done.stderr.split())

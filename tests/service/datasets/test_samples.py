"""The samples: NIST's numbers, and fits that reproduce NIST's results."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.datasets import samples
from service.schemas.responses.datasets import Samples
from tests.service.helpers import WAIT, check_answer


def test_samples_contain_the_certified_values(api: TestClient) -> None:
    given = api.get("/samples").json()
    check_answer(Samples, given)
    found = {sample["name"]: sample for sample in given["data"]}
    assert {"norris", "longley", "misra1a", "chwirut2", "penguins"} <= set(found)
    norris = found["norris"]
    assert norris["certified"]["coefficients"] == {"intercept": -0.262323073774029, "x": 1.00211681802045}
    assert norris["certified"]["residual_sum_of_squares"] == 26.6173985294224
    assert (norris["rows"], norris["features"], norris["target"]) == (36, ["x"], "y")
    assert (found["longley"]["rows"], len(found["longley"]["features"])) == (16, 6)
    for name in found:
        model = {"kind": "logistic"} if found[name]["task"] == "classification" else {}
        answer = api.post("/fit", json={"dataset": {"sample": name}, "model": model, "standardize": True})
        assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("name", "line", "values"),
    [
        ("norris", 1, {"x": 0.2, "y": 0.1}),
        ("norris", 2, {"x": 337.4, "y": 338.8}),
        ("norris", 36, {"x": 0.5, "y": 0.2}),
        ("longley", 1, {"y": 60323, "x1": 83.0, "x2": 234289, "x6": 1947}),
        ("longley", 16, {"y": 70551, "x1": 116.9, "x2": 554894, "x6": 1962}),
        ("misra1a", 1, {"x": 77.6, "y": 10.07}),
        ("misra1a", 14, {"x": 760.0, "y": 81.78}),
        ("chwirut2", 1, {"x": 0.5, "y": 92.9}),
    ],
)
def test_sample_files_hold_nists_numbers(name: str, line: int, values: dict[str, float]) -> None:
    header, *lines = (Path(samples.__file__).parent / f"{name}.csv").read_text().splitlines()
    row = dict(zip(header.split(","), map(float, lines[line - 1].split(",")), strict=True))
    assert {column: row[column] for column in values} == values


def test_a_standardised_line_through_norris_is_nists(client: httpx2.Client) -> None:
    body = {
        "dataset": {"sample": "norris"},
        "split": {"test_fraction": 0},
        "standardize": True,
        "descent": {"steps": 200},
    }
    run = client.post("/fit", json=body, headers=WAIT).json()
    certified = samples.SAMPLES["norris"].certified or {}
    assert run["final"]["coefficients"] == {
        name: pytest.approx(value, rel=1e-9) for name, value in certified["coefficients"].items()
    }
    assert run["final"]["train_mse"] == pytest.approx(certified["residual_sum_of_squares"] / 36, rel=1e-10)


HEALTHY: list[tuple[str, dict[str, Any]]] = [
    ("norris", {"descent": {"steps": 300}}),
    ("longley", {"objective": {"l2": 0.01}, "descent": {"steps": 3000}}),
    ("misra1a", {"model": {"kind": "polynomial", "degree": 2}, "descent": {"steps": 2000}}),
    (
        "chwirut2",
        {"model": {"kind": "polynomial", "degree": 3}, "descent": {"steps": 3000, "optimizer": {"kind": "nesterov"}}},
    ),
    ("penguins", {"model": {"kind": "logistic"}, "objective": {"l2": 0.01}, "descent": {"steps": 500}}),
    ("penguins", {"model": {"kind": "softmax"}, "objective": {"l2": 0.01}, "descent": {"steps": 500}}),
]


@pytest.mark.parametrize(("sample", "request_"), HEALTHY, ids=[name for name, _ in HEALTHY])
def test_a_healthy_run_of_a_sample_has_no_finding(sample: str, request_: dict[str, Any], client: httpx2.Client) -> None:
    run = client.post(
        "/fit", json={"dataset": {"sample": sample}, "standardize": True, **request_}, headers=WAIT
    ).json()
    assert (run["status"], run["diagnosis"]) == ("succeeded", [])
    assert {name for name, _ in HEALTHY} == set(samples.SAMPLES)  # HEALTHY covers every sample

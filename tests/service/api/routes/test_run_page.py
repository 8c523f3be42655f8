"""A run as one page: everything about it in both languages, and nothing that a browser would fetch or run."""

import base64
import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.analysis.test_bundle import MODELS, NUMBERS, finished
from tests.service.helpers import problem_of
from tests.service.worker.test_batching import worker_with

DESCENT = {"learning_rate": 0.001, "steps": 20}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def pictures(page: str) -> list[str]:
    return [base64.b64decode(each).decode() for each in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)]


@pytest.mark.parametrize("kind", ["linear", "softmax", "perceptron", "function"])
def test_a_page_has_the_numbers_the_verdict_and_the_pictures(kind: str, api: TestClient, worker: Worker) -> None:
    run_id = finished({**MODELS[kind], "descent": DESCENT}, api, worker)
    answer = api.get(f"/runs/{run_id}/page.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    run = api.get(f"/runs/{run_id}").json()
    text = unescape(answer.text)
    assert f"Run {run_id}" in text
    assert run["convergence"]["sentence"] in text
    assert all(finding["sentence"] in text for finding in run["diagnosis"])
    assert f"{run['final']['train_loss']:.6g}" in text
    assert all(f"{value:.6g}" in text for value in run["final"]["coefficients"].values() if value is not None)
    curves, landscape = pictures(answer.text)
    assert curves.startswith("<svg")
    assert landscape.startswith("<svg")
    again = api.get(f"/runs/{run_id}/page.html", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_page_speaks_french_with_decimal_commas(api: TestClient, worker: Worker) -> None:
    run_id = finished({**MODELS["linear"], "descent": DESCENT}, api, worker)
    asked = api.get(f"/runs/{run_id}/page.html?lang=fr").text
    by_header = api.get(f"/runs/{run_id}/page.html", headers={"Accept-Language": "fr"}).text
    assert asked == by_header
    run = api.get(f"/runs/{run_id}", headers={"Accept-Language": "fr"}).json()
    assert '<html lang="fr">' in asked
    assert run["convergence"]["sentence"] in unescape(asked)
    assert "Les deux critères" in asked
    assert f"{run['final']['test_mse']:.6g}".replace(".", ",") in asked


def test_names_stay_text_and_nothing_is_fetched(api: TestClient, worker: Worker) -> None:
    name = "<script>alert(1)</script>\"'&"
    dataset = {**NUMBERS, "feature_names": ["<img src=x onerror=alert(1)>", "b"]}
    run_id = finished({"dataset": dataset, "name": name, "descent": DESCENT}, api, worker)
    answer = api.get(f"/runs/{run_id}/page.html")
    assert "<script" not in answer.text
    assert "<img src=x" not in answer.text
    assert name in unescape(answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r'(?:src|href)="(?!data:)', answer.text)


def test_a_run_without_a_step_has_no_page(api: TestClient) -> None:
    run_id = api.post("/fit", json=MODELS["linear"]).json()["id"]
    problem_of(api.get(f"/runs/{run_id}/page.html"), 409)
    problem_of(api.get("/runs/nothing/page.html"), 404)
    problem_of(api.get(f"/runs/{run_id}/page.html?lang=de"), 422)


def test_very_many_parameters_are_counted(api: TestClient, worker: Worker) -> None:
    body = {"dataset": NUMBERS, "model": {"kind": "polynomial", "degree": 20}, "standardize": True}
    run_id = finished({**body, "descent": {"learning_rate": 1e-4, "steps": 1}}, api, worker)
    assert "… and others: 31" in api.get(f"/runs/{run_id}/page.html").text

"""A hundredth of the planted runs of tests/torture: faults are named and mended, healthy runs have no finding."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.worker.test_batching import worker_with
from tests.torture.planted_check import Checks
from tests.torture.planted_runs import faulty, healthy

CASES = 10


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def test_planted_faults_are_named_and_mended(api: TestClient, worker: Worker) -> None:
    checks = Checks(api, worker)
    for number in range(CASES):
        checks.faulty(faulty(2 * number))  # one of each plant, nearly
    assert checks.wrong == []
    assert checks.counts["shown"] >= CASES - 3
    assert checks.counts["offered"] > 0


def test_healthy_runs_have_no_finding(api: TestClient, worker: Worker) -> None:
    checks = Checks(api, worker)
    for number in range(CASES):
        checks.healthy(healthy(number))
    assert checks.wrong == []
    assert checks.counts["shown"] >= CASES - 3

"""Planted runs: faults of every kind are named and mended, healthy runs have no finding."""

import sys
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.worker.test_batching import worker_with
from tests.torture.planted_check import Checks
from tests.torture.planted_runs import faulty, healthy
from tests.torture.report import Measured

LEAST_SHOWN = 0.7
"""The least share of the cases that say something: the others are refused, harmless, or miss their minimum."""


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@pytest.mark.torture(1_000, least=20)
def test_planted_faults(cases: int, api: TestClient, worker: Worker, measured: Measured) -> None:
    checks = Checks(api, worker)
    for number in range(cases):
        checks.faulty(faulty(number))
    measured("runs with a fault that did harm", checks.counts["shown"], at_least=LEAST_SHOWN * cases)
    measured("named", checks.share("named"), "%", at_least=99.0)
    measured("changes offered", checks.counts["offered"])
    measured("accepted", checks.share("accepted", "offered"), "%", at_least=100.0)
    measured("promise kept to 1 %", checks.share("kept", "offered"), "%", at_least=100.0)
    measured("without an error after at most three changes", checks.share("ended"), "%", at_least=99.0)
    sys.stdout.writelines(f"{line}\n" for line in checks.wrong)


@pytest.mark.torture(1_000, least=20)
def test_healthy_runs(cases: int, api: TestClient, worker: Worker, measured: Measured) -> None:
    checks = Checks(api, worker)
    for number in range(cases):
        checks.healthy(healthy(number))
    measured("healthy runs", checks.counts["shown"], at_least=LEAST_SHOWN * cases)
    measured("with a finding", len(checks.wrong), at_most=0)
    sys.stdout.writelines(f"{line}\n" for line in checks.wrong)

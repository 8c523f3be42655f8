"""A run that another platform computed: other kernels of BLAS, other instructions, another number of threads."""

import os
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from service.server.live_server import running_service
from tests.waiting import LONGEST, until

OTHER = {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2", "NPY_DISABLE_CPU_FEATURES": "X86_V4"}
"""Variables with which BLAS and numpy compute as on another machine; without such kernels, with another thread."""


def body(**descent: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    x = random.standard_normal((500, 40))
    y = x @ random.standard_normal(40) + random.standard_normal(500)
    return {"dataset": {"x": x.tolist(), "y": y.tolist()}, "descent": {"steps": 2_000, **descent}}


def ask(url: str, method: str, path: str, json: object = None) -> Any:
    answer = httpx2.request(method, f"{url}{path}", json=json, timeout=LONGEST)
    answer.raise_for_status()
    return answer.json()


def finished(url: str, request: dict[str, Any]) -> Any:
    """The run of a request, after its end."""
    run_id = ask(url, "POST", "/fit", request)["id"]
    return until(lambda: (run := ask(url, "GET", f"/runs/{run_id}"))["status"] == "succeeded" and run)


def verified(url: str, run_id: str) -> Any:
    """The verification of a run, after its end."""
    ask(url, "POST", f"/runs/{run_id}/verify")
    return until(lambda: ask(url, "GET", f"/runs/{run_id}")["verification"])


def steps_done(url: str, run_id: str) -> int:
    return int(ask(url, "GET", f"/runs/{run_id}")["steps_done"] or 0)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('platforms') / 'descent.db'}"


@pytest.fixture(scope="module")
def elsewhere(database: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Two runs by another platform."""
    with (tmp_path_factory.mktemp("log") / "log").open("w") as log:
        options = ("--database", database, "--workers", "1")
        with running_service(*options, environment={**os.environ, **OTHER}, log=log) as service:
            return [finished(service.url, body(optimizer={"kind": kind})) for kind in ("gd", "nesterov")]


def test_a_run_of_another_platform_is_verified_to_twelve_digits(
    database: str, elsewhere: list[dict[str, Any]], tmp_path: Path
) -> None:
    with (
        (tmp_path / "log").open("w") as log,
        running_service("--database", database, "--workers", "1", log=log) as here,
    ):
        own = finished(here.url, body())
        for run in elsewhere:
            found = verified(here.url, run["id"])
            [there], [at_home] = run["environments"], own["environments"]
            assert (found["agrees"], found["tolerance"]) == (True, 1e-12)
            changed = {change["part"]: (change["stored"], change["recomputed"]) for change in found["platform_changes"]}
            assert changed == {part: (there[part], at_home[part]) for part in there if there[part] != at_home[part]}
            assert "blas" in changed
        found = verified(here.url, own["id"])
        assert (found["identical"], found["agrees"], found["tolerance"], found["platform_changes"]) == (
            True,
            True,
            0,
            [],
        )


def test_a_run_that_goes_on_elsewhere_says_so(database: str, tmp_path: Path) -> None:
    options = ("--database", database, "--workers", "1")
    with (tmp_path / "log").open("w") as log:
        with running_service(*options, log=log) as here:
            request = body(steps=3_000_000, optimizer={"kind": "adam"})
            run_id = ask(here.url, "POST", "/fit", request)["id"]
            until(lambda: steps_done(here.url, run_id) > 0)
        with running_service(*options, environment={**os.environ, **OTHER}, log=log) as other:
            until(lambda: len(ask(other.url, "GET", f"/runs/{run_id}")["environments"]) == 2)
            ask(other.url, "POST", f"/runs/{run_id}/cancel")
            first, second = ask(other.url, "GET", f"/runs/{run_id}")["environments"]
    assert (first["from_step"], second["from_step"] > 0) == (0, True)
    assert first["blas"] != second["blas"]

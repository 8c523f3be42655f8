"""Generated requests from the OpenAPI description, valid and invalid: each answer conforms to the description."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from sqlalchemy import text

from service.core.caller import ANYBODY
from service.core.settings import Settings
from service.jobs import submit, sweep
from service.jobs.quotas import Quotas
from service.storage import run_deletion, runs
from service.storage.database import Database
from tests.service.helpers import LINE, fit_body, stored_run

EXAMPLES, EXAMPLES_OF_BODIES = 6, 30
DEFAULTS = Settings()
# A schema cannot state that x and y have equal lengths, or which columns a run has.
HAS_MORE_RULES = {
    *("POST /fit", "POST /fit/price", "GET /runs", "POST /datasets", "POST /runs/{run_id}/fork", "POST /sweeps"),
    *("GET /runs/{run_id}/trajectory", "GET /runs/{run_id}/events"),
    *("GET /runs/{run_id}/landscape", "GET /runs/{run_id}/steps/{step}", "GET /runs/{run_id}/predictions"),
    "GET /runs/{run_id}/model",
    *("POST /runs/{run_id}/predict", "POST /check"),
    *("GET /runs/{run_id}/landscape.{form}", "GET /runs/{run_id}/curves.{form}"),
}
HAVE_NO_INVALID_REQUEST = {
    *("GET /runs/{run_id}", "DELETE /runs/{run_id}", "POST /runs/{run_id}/cancel", "POST /runs/{run_id}/pause"),
    *("POST /runs/{run_id}/resume", "POST /runs/{run_id}/verify", "GET /runs/{run_id}/bundle"),
    *("GET /sweeps/{sweep_id}", "DELETE /sweeps/{sweep_id}", "POST /sweeps/{sweep_id}/cancel"),
    *("GET /datasets/{dataset_id}", "DELETE /datasets/{dataset_id}", "GET /samples"),
    "GET /functions",
    *("GET /limits", "GET /livez", "GET /readyz", "GET /metrics"),
}


Tally = Counter[tuple[str, int]]
"""How often each operation answered with each status."""


KEPT = [("dataset", "trajectory"), ("dataset", "trajectory", "name", "descent", "split"), ()]
"""Fields of a fit or a check that fit together though they are generated independently; an empty tuple: all fields."""


PAIR = st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=2)
"""θ of a line."""

NEED_AN_ID = ("PATCH", "DELETE", "/cancel", "/pause", "/resume")
"""Prefixes and suffixes of operations that need an id: `latest` is for reading only."""


def path_parameters_of(label: str, client: TestClient) -> dict[str, Any]:
    """A value for each path parameter of an operation."""
    found: dict[str, Any] = {"run_id": "latest", "sweep_id": "latest", "dataset_id": "latest", "step": 0}
    if label.startswith(NEED_AN_ID) or label.endswith(NEED_AN_ID):
        for kind in ("run", "sweep", "dataset"):
            found[f"{kind}_id"] = client.get(f"/{kind}s/latest").json().get("id", "latest")
    return found


def use_existing_objects(case: Any, draw: Any, known: dict[str, Any]) -> None:
    """Makes half of the valid requests refer to existing runs, sweeps and datasets.

    Hypothesis begins with the simplest draws, which do, so that each operation succeeds at least once.
    """
    if draw(st.booleans()):
        return
    if "If-Match" in (case.headers or {}):
        case.headers["If-Match"] = "*"
    case.path_parameters = {name: known.get(name, given) for name, given in (case.path_parameters or {}).items()}
    if "ids" in (case.query or {}):
        case.query = {"ids": known["run_id"]}
    elif isinstance(case.body, dict):
        if "y" in case.body:
            case.query = {}  # JSON accepts no parameters of CSV
        case.body = fitting_body(case.body, draw)
    elif case.method == "GET" and not draw(st.booleans()):
        case.query = {}  # independently generated parameters rarely fit together


def fitting_body(body: dict[str, Any], draw: Any) -> dict[str, Any]:
    """A generated body with parts that fit together and refer to existing objects."""
    if "dataset" in body:
        body = body | {"dataset": {"sample": "norris"}}
        if "trajectory" in body:
            body["trajectory"] = {"theta": draw(st.lists(PAIR, min_size=2))}
        kept = draw(st.sampled_from(KEPT)) or body
        return {name: body[name] for name in body if name in kept and name != "function"}
    if "function" in body:
        return {"function": {"name": "bowl"}, "name": body.get("name")}
    if "from_step" in body:
        return {"from_step": draw(st.integers(0, 2))}
    if {"grid", "list"} & set(body):
        return {"run": "latest", "grid": {"/split/seed": draw(st.lists(st.integers(0, 9), min_size=1))}}
    if "y" in body:
        entries = [entry for entry in body["y"] if entry is not None]
        y = entries if entries and draw(st.booleans()) else [1.0, 2.0]
        return body | {"y": y, "x": [[float(row)] for row in range(len(y))], "feature_names": None}
    return body


def seed_run(label: str, database: Database) -> None:
    """Makes the newest run one to which the operation applies."""
    if label.endswith(
        (
            "/fork",
            "/verify",
            "/bundle",
            "/model",
            "/page.html",
            "/events",
            "/landscape",
            "/steps/{step}",
            "/predictions",
            "/predict",
            ".{form}",
        )
    ):
        with database.writing() as connection:
            connection.execute(text("DELETE FROM runs WHERE finished_at IS NULL AND verifies IS NOT NULL"))
            for run_id in connection.execute(text("SELECT id FROM runs WHERE finished_at IS NULL")).scalars().all():
                run_deletion.remove(connection, run_id)  # `stored_run` would claim it first
        stored_run(database, fit_body(), np.ones((3, 2)))
    elif "{sweep_id}" in label:
        body = json.dumps({"base": LINE, "grid": {"/split/seed": [1, 2]}}).encode()
        sweep.queue_sweep(database, sweep.read_sweep(body, database, DEFAULTS, ANYBODY), None, Quotas(DEFAULTS))
    elif label.endswith(("/resume", "/pause", "/cancel")):
        submission = submit.read(json.dumps(LINE).encode(), database, DEFAULTS)
        run = submit.queue(database, submission, None, Quotas(DEFAULTS))
        if label.endswith("/resume"):
            with database.writing() as connection:
                runs.pause(connection, run.id)


def exercise(
    operation: Any, mode: GenerationMode, times: int, seed_data: Callable[[str], dict[str, Any]], tally: Tally
) -> None:
    """Sends valid or invalid requests to one operation, and applies every check to each answer."""
    skipped = {"positive_data_acceptance"} if operation.label in HAS_MORE_RULES else set()
    checks = [check for check in CHECKS.get_all() if getattr(check, "__name__", "") not in skipped]

    @settings(
        max_examples=times * (EXAMPLES_OF_BODIES if operation.body else EXAMPLES),
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def check(case: Any, data: st.DataObject) -> None:
        if mode is GenerationMode.POSITIVE:
            known = seed_data(operation.label)
            use_existing_objects(case, data.draw, known)
        response = case.call()
        tally[operation.label, response.status_code] += 1
        case.validate_response(response, checks=checks)

    check()


def exercise_all(app: Any, times: int = 1) -> Tally:
    """Sends valid and invalid requests to every operation: `times` times some hundreds."""
    load_all_checks()
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    found = {operation.label: operation for operation in operations}
    tally: Tally = Counter()
    with TestClient(app) as client:

        def seed_data(label: str) -> dict[str, Any]:
            seed_run(label, app.state.descent.database)
            if client.get("/runs/latest").status_code == 404:
                client.post("/fit", json=LINE)
            if client.get("/datasets/latest").status_code == 404:
                client.post("/datasets", json={"x": [[7], [8], [9]], "y": [1, 2, 4]})
            return path_parameters_of(label, client)

        for label, operation in found.items():
            exercise(operation, GenerationMode.POSITIVE, times, seed_data, tally)
            if label not in HAVE_NO_INVALID_REQUEST:
                exercise(operation, GenerationMode.NEGATIVE, times, seed_data, tally)
    assert {label for label, _ in tally} == set(found)
    for label in found:
        assert sum(tally[label, status] for status in (200, 201, 202, 204)) >= 1, label
    assert not [key for key in tally if key[1] >= 500]
    return tally

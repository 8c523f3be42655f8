"""Prices come from sizes: no model is built for them, and a sweep's members have the plans of single requests."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from gd_engine import MODELS
from service.core.caller import ANYBODY
from service.core.json_patch import merge_patch
from service.core.settings import Settings
from service.jobs import parameter_grid, submit
from service.jobs.sweep import sweep_submission
from service.schemas.fit import FitRequest
from service.schemas.strict_model import parse
from service.schemas.sweep import SweepRequest
from service.storage.database import Database
from tests.service.helpers import NOTHING, counts, fit_body, problem_of
from tests.service.jobs.costly_requests import COSTLY, CUBIC, FITS, RATE, RATES, SWEEPS, Costly

VARIED = "/descent/theta0"
MORE_SWEEPS: dict[str, dict[str, Any]] = {
    "long θ₀s": {
        "base": fit_body(**CUBIC, dataset={"x": [[v**k for k in range(1, 4)] for v in range(1, 9)]}),
        "grid": {VARIED: [[0.5] * 20, [1] * 20], RATE: [0.1, 0.2]},
    },
    "a component of θ₀": {
        "base": fit_body(descent={"theta0": {"intercept": 1, "x1": 2}}),
        "grid": {f"{VARIED}/x1": [3, 4.5]},
    },
    "components of a long θ₀, wholly or by other fields": {
        "base": SWEEPS["components of a long θ₀"]["base"],
        "list": [
            {"descent": {"theta0": {"x1": 2, "x2": 0.5}, "steps": 3}, "standardize": True},
            {"descent": {"theta0": {"kind": "normal"}}},
            {"descent": {"theta0": [1] * 220}},
            {"descent": {"theta0": None}},
            {"descent": None},
        ],
    },
    "losses": {
        "base": fit_body(objective={"loss": "huber", "delta": 2}),
        "list": [{}, {"objective": {"loss": "mse"}}, {"objective": {"delta": 3}}, {"objective": None}],
    },
    "nothing": {"base": fit_body(split={"test_rows": [1, 2]}), "list": [{}, {"split": None}, {"descent": None}]},
    "a deadline": {"base": fit_body(), "grid": {"/deadline_seconds": [1, 2.5], "/standardize": [True, False]}},
}


@pytest.fixture
def built() -> Iterator[list[str]]:
    """The kinds of the models that are built."""
    found: list[str] = []
    before = dict(MODELS)

    def counting(kind: str) -> Any:
        def build(*given: Any, **options: Any) -> Any:
            found.append(kind)
            return before[kind](*given, **options)

        return build

    MODELS.update({kind: counting(kind) for kind in before})
    yield found
    MODELS.update(before)


@pytest.mark.parametrize("name", COSTLY)
def test_a_dry_run_builds_no_model(name: str, api: TestClient, database: Database, built: list[str]) -> None:
    costly: Costly = COSTLY[name]
    answer = api.post(f"{costly.path}?validate_only=true", json=costly.body)
    assert answer.status_code == costly.status, answer.text
    if costly.status != 200:
        problem_of(answer, costly.status)
    assert built == []
    assert counts(database) == NOTHING


@pytest.mark.parametrize("name", ["polynomial", "mlp", "softmax"])
def test_the_price_has_the_sizes_of_the_stored_run(name: str, api: TestClient, built: list[str]) -> None:
    price = api.post("/fit?validate_only=true", json=FITS[name]).json()
    run = api.post("/fit", json=FITS[name]).json()
    assert price["parameters"] == len(run["parameters"]) > 5000
    assert price["steps"] == run["steps_total"]
    assert built == []


@pytest.mark.parametrize("name", COSTLY)
def test_a_body_is_parsed_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse_again(_: bytes) -> None:
        raise AssertionError

    monkeypatch.setattr("service.schemas.strict_model._check_duplicate_fields", parse_again)
    costly = COSTLY[name]
    parse(FitRequest if costly.path == "/fit" else SweepRequest, orjson.dumps(costly.body))


@pytest.mark.parametrize("twice", ['{"steps": 1, "steps": 2}', '{"optimizer": {"beta1": 0, "beta1": 0}}'])
def test_a_duplicate_field_of_a_member_is_found(twice: str, api: TestClient) -> None:
    body = orjson.dumps({"base": fit_body(), "list": [{"descent": {}}]}).replace(b"{}", twice.encode())
    answer = api.post("/sweeps?validate_only=true", content=body, headers={"Content-Type": "application/json"})
    assert problem_of(answer, 422)["errors"][0]["message"] == "Duplicate field."


def test_the_last_member_is_checked_and_named(api: TestClient) -> None:
    body = COSTLY["sweep, refused: a wrong last rate"].body
    [error] = problem_of(api.post("/sweeps?validate_only=true", json=body), 422)["errors"]
    assert (error["member"], error["pointer"]) == (499, "/grid/~1descent~1learning_rate/499")


@pytest.mark.parametrize("name", [*SWEEPS, *MORE_SWEEPS])
def test_each_member_has_the_plan_of_a_single_request(name: str, database: Database, settings: Settings) -> None:
    sweep = parse(SweepRequest, orjson.dumps({**SWEEPS, **MORE_SWEEPS}[name]))
    assert sweep.base is not None
    found = sweep_submission(sweep, database, settings, ANYBODY)
    base = sweep.base.filled().model_dump(mode="json")
    for number, member in enumerate(parameter_grid.members(sweep)):
        patch = member.patch
        if isinstance(objective := patch.get("objective"), dict) and "loss" in objective:
            patch = {**patch, "objective": {"delta": None, **objective}}
        if number % 50 and number < len(found.members) - 1:
            continue
        alone = submit.of(parse(FitRequest, orjson.dumps(merge_patch(base, patch))), database, settings, ANYBODY)
        plan = found.members[number]
        assert {**plan.request, "name": None} == alone.plan.request
        assert plan.parameters == alone.plan.parameters
        assert plan.bytes_of_values > 0 or not member.patch
        assert plan._replace(bytes_of_values=0)[2:] == alone.plan[2:]


def test_a_component_of_a_long_theta0_is_checked(api: TestClient) -> None:
    base = SWEEPS["components of a long θ₀"]["base"]
    for pointer, value in ((f"{VARIED}/x1", "a"), (f"{VARIED}/z", 1)):
        body = {"base": base, "grid": {pointer: [value]}}
        [error] = problem_of(api.post("/sweeps?validate_only=true", json=body), 422)["errors"]
        assert error["pointer"] == f"/grid/{pointer.replace('/', '~1')}/0"


def test_a_long_theta0_of_the_base_is_checked_once(database: Database, settings: Settings) -> None:
    theta0 = [0.0] * 455
    base = SWEEPS["rates of a long θ₀"]["base"]
    found = sweep_submission(
        parse(SweepRequest, orjson.dumps({"base": base, "grid": RATES})), database, settings, ANYBODY
    )
    first, *others = [plan.request["descent"]["theta0"] for plan in found.members]
    assert first == theta0
    assert all(other is first for other in others)

"""Files of statsmodels and scikit-learn, uploaded as they are: converged descents have the libraries' coefficients."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker.process import Worker
from tests.service.worker.test_batching import train_all, worker_with

pytestmark = pytest.mark.slow


def folder(package: str) -> Path:
    """The data sets of a package, without its import."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets"


STATSMODELS, SKLEARN = folder("statsmodels"), folder("sklearn") / "data"


class Case(NamedTuple):
    """A file and a fit; without features, all other columns."""

    file: Path
    target: str
    features: str = ""
    model: str = "linear"
    l2: float = 0.0
    steps: int = 2000
    momentum: float = 0.9
    separator: str = ","


def of_statsmodels(path: str, target: str, features: str = "", **options: Any) -> Case:
    return Case(STATSMODELS / f"{path}.csv", target, features, **options)


def of_sklearn(name: str, target: str, features: str = "", **options: Any) -> Case:
    return Case(SKLEARN / f"{name}.csv", target, features, **options)


CASES = [
    of_statsmodels("engel/engel", "foodexp"),
    of_statsmodels("stackloss/stackloss", "STACKLOSS"),
    of_statsmodels("statecrime/statecrime", "murder", "hs_grad,poverty,single,white,urban"),
    of_statsmodels("ccard/ccard", "AVGEXP", "AGE,INCOME,OWNRENT"),
    of_statsmodels("copper/copper", "WORLDCONSUMPTION", "COPPERPRICE,ALUMPRICE,INVENTORYINDEX"),
    of_statsmodels("cpunish/cpunish", "EXECUTIONS", "INCOME,PERPOVERTY,PERBLACK,DEGREE"),
    of_statsmodels("scotland/scotvote", "YES", "COUTAX,UNEMPF,MOR,ACT,AGE"),
    of_statsmodels("nile/nile", "volume"),
    of_statsmodels("longley/longley", "TOTEMP", "GNPDEFL,GNP,UNEMP,ARMED,POP,YEAR", steps=20_000, momentum=0.99),
    of_statsmodels("grunfeld/grunfeld", "invest", "value,capital,firm", steps=10_000, momentum=0.99),
    of_statsmodels("committee/committee", "BILLS104", "SIZE,SUBS,STAFF,PRESTIGE"),
    of_statsmodels("sunspots/sunspots", "SUNACTIVITY"),
    of_statsmodels("macrodata/macrodata", "infl", l2=0.1),
    of_statsmodels("star98/star98", "MATHTOT", "LOWINC,PERASIAN,PERBLACK,PERHISP,AVYRSEXP,PTRATIO", l2=0.01),
    of_statsmodels("fair/fair", "affairs", l2=1.0),
    of_statsmodels("elnino/elnino", "DEC", l2=0.05),
    of_statsmodels("spector/spector", "'GRADE'", "'GPA','TUCE','PSI'", model="logistic", separator=r"\s+"),
    of_statsmodels("anes96/anes96", "'vote'", "'selfLR','PID','age'", model="logistic", separator="\t"),
    of_statsmodels("heart/heart", "censors", model="logistic"),
    of_sklearn("breast_cancer", "y", model="logistic", l2=0.01),
    of_statsmodels("modechoice/modechoice", "mode", "ttme,invc,invt,gc", model="softmax", l2=0.01, separator=";"),
    of_sklearn("iris", "virginica", model="softmax", l2=0.01),
    of_sklearn("wine_data", "y", model="softmax", l2=0.001, steps=5000),
]


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@pytest.fixture(scope="module")
def libraries() -> Any:
    return import_module("tests.service.jobs.libraries")


def fitted(case: Case, api: TestClient, worker: Worker) -> dict[str, Any]:
    """The run of a case, by upload, request and worker."""
    query = {"target": case.target} | ({"features": case.features} if case.features else {})
    headers = {"Content-Type": "text/csv"}
    answer = api.post("/datasets", params=query, content=case.file.read_bytes(), headers=headers)
    assert answer.status_code == 201, answer.text
    body = {
        "dataset": {"id": answer.json()["id"]},
        "model": {"kind": case.model},
        "standardize": True,
        "split": {"test_fraction": 0},
        "objective": {"l2": case.l2},
        "descent": {"steps": case.steps, "optimizer": {"kind": "nesterov", "momentum": case.momentum}},
    }
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    train_all(worker)
    run: dict[str, Any] = api.get(f"/runs/{answer.json()['id']}").json()
    assert run["status"] == "succeeded", run["error"]
    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file.stem)
def test_coefficients_equal_those_of_the_library(case: Case, api: TestClient, worker: Worker, libraries: Any) -> None:
    run = fitted(case, api, worker)
    table = libraries.read(case.file, case.separator, is_titled=case.target == "y")
    x, y = libraries.design(table, run["dataset"]["features"], case.target)
    if case.l2 == 0.0:
        expected = libraries.coefficients(case.model, x, y)
        found = np.array(list(run["final"]["coefficients"].values()))
    else:
        expected = libraries.penalised_theta(case.model, case.l2, x, y)
        found = np.array(run["final"]["theta"]).reshape(expected.shape)
        if case.model == "softmax":
            found[0] -= found[0].mean()  # equal changes of all intercepts change no probability
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12 * np.abs(expected).max())

"""The estimators: scikit-learn's own checks, and what they do in a pipeline and in a search."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import check_estimator

from service.client import Descent, RunFailedError, ServiceError, estimators
from service.client.estimators import DescentClassifier, DescentRegressor
from service.server.live_server import Service
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")


@pytest.mark.slow
@pytest.mark.parametrize("most_sent", [estimators.MOST_SENT, 0], ids=["in the body", "uploaded"])
@pytest.mark.parametrize("estimator", [DescentRegressor, DescentClassifier])
def test_scikit_learn_accepts_the_estimator(
    estimator: Any, most_sent: int, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimators, "MOST_SENT", most_sent)
    check_estimator(estimator(url=service.url, steps=300), on_skip=None)


def test_a_regression_has_the_coefficients_of_least_squares(service: Service) -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = DescentRegressor(optimizer={"kind": "nesterov", "momentum": 0.9}, steps=5000, url=service.url).fit(X, y)
    best = LinearRegression().fit(X, y)
    assert model.predict(X) == pytest.approx(best.predict(X), abs=0.5)
    assert model.run_["dataset"]["features"] == list(X.columns)
    assert model.run_["dataset"]["test_rows"] == 0
    assert model.n_iter_ == 5000
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[X.columns[::-1]])


@pytest.mark.parametrize(("model", "kind"), [(None, "softmax"), ({"kind": "mlp", "hidden": [5]}, "mlp")])
def test_a_classifier_keeps_the_labels_of_the_user(model: Any, kind: str, service: Service) -> None:
    X, codes = load_iris(return_X_y=True)
    y = np.array(["setosa", "virginica", "a flower"])[codes]
    found = DescentClassifier(model, steps=500, url=service.url).fit(X, y)
    assert list(found.classes_) == ["a flower", "setosa", "virginica"]
    assert found.score(X, y) > 0.95
    assert found.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(len(X)))
    assert (found.classes_[found.predict_proba(X).argmax(axis=1)] == found.predict(X)).all()
    assert found.run_["request"]["model"]["kind"] == kind


def test_a_pipeline_a_search_and_a_pickle(service: Service) -> None:
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    y = 1.0 + 2.0 * x[:, 0] ** 2
    pipeline = make_pipeline(PolynomialFeatures(2, include_bias=False), DescentRegressor(url=service.url, steps=500))
    search = GridSearchCV(pipeline, {"descentregressor__l2": [0.0, 10.0]}, cv=3).fit(x, y)
    assert search.best_params_ == {"descentregressor__l2": 0.0}
    assert cross_val_score(pipeline, x, y, cv=3).min() > 0.9
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert again.predict(x) == pytest.approx(y, abs=1e-3)


def test_a_refused_fit_leaves_no_earlier_one(service: Service) -> None:
    X, y = load_iris(return_X_y=True)
    found = DescentClassifier(steps=20, url=service.url).fit(X, y > 0)
    with pytest.raises(ServiceError, match="steps"):
        found.set_params(steps=0).fit(X, y)
    with pytest.raises(NotFittedError):
        found.predict(X)


def test_a_feature_may_have_the_name_of_the_target(service: Service) -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "target": [2.0, 1.0, 5.0]})
    model = DescentRegressor(steps=20, url=service.url).fit(frame, [1.0, 2.0, 3.0])
    assert model.run_["dataset"]["features"] == ["y", "target"]


def test_a_feature_may_be_called_as_the_parameter_of_the_model_is(service: Service) -> None:
    frame = pd.DataFrame({"intercept": [1.0, 2.0, 3.0, 5.0], "intercept_": [2.0, 1.0, 5.0, 1.0]})
    model = DescentRegressor(steps=2000, url=service.url).fit(frame, 2.0 * frame["intercept"])
    assert list(model.run_.coefficients) == ["intercept", "intercept__", "intercept_"]
    assert model.predict(frame) == pytest.approx(2.0 * frame["intercept"], abs=1e-3)
    product = DescentRegressor("k*intercept", steps=500, url=service.url).fit(frame[["intercept"]], frame["intercept"])
    assert product.run_.coefficients["k"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.slow
def test_data_beyond_the_limit_of_a_body_are_uploaded(service: Service) -> None:
    X = np.random.default_rng(0).normal(size=(50_000, 20))
    assert len(repr(X.tolist())) > 1 << 24
    y = X @ np.arange(20.0)
    model = DescentRegressor(steps=200, url=service.url).fit(X, y)
    assert model.run_["dataset"]["rows"] == len(X)
    assert model.predict(X[:100]) == pytest.approx(y[:100], abs=1e-6)


@pytest.mark.parametrize(
    ("estimator", "classes"), [(DescentRegressor, 0), (DescentClassifier, 2), (DescentClassifier, 12)]
)
def test_uploaded_data_give_the_bits_of_the_body(
    estimator: Any, classes: int, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with columns that a file's reader could take for years, dates, numbers of rows, or a category."""
    random = np.random.default_rng(0)
    columns = {
        "year": np.arange(2000.0, 2040),
        "row": np.arange(40.0),
        "one": np.ones(40),
        "date": np.arange(2e7, 2e7 + 40),
    }
    columns |= {
        name: random.normal(size=40) * scale for name, scale in {"sex=male": 1.0, 'a, "b"': 1e17, "c": 1e-99}.items()
    }
    X, y = pd.DataFrame(columns), np.arange(40) % classes if classes else random.normal(size=40)
    sent = estimator(steps=50, url=service.url).fit(X, y)
    monkeypatch.setattr(estimators, "MOST_SENT", 0)
    uploaded = estimator(steps=50, url=service.url).fit(X, y)
    assert uploaded.run_["dataset"]["features"] == list(columns) == sent.run_["dataset"]["features"]
    assert (uploaded.run_.trajectory()["theta"] == sent.run_.trajectory()["theta"]).all()
    assert (uploaded.predict(X) == sent.predict(X)).all()
    dataset = uploaded.run_["dataset"]["id"]
    for run in (sent.run_, uploaded.run_):
        run.delete()
    with Descent(service.url) as client:  # that of a body ends with its runs
        assert client.datasets.get(dataset)["id"] == dataset


def test_a_formula_and_other_fields_of_the_request(service: Service) -> None:
    frame = pd.DataFrame({"t": np.linspace(0.1, 3.0, 30)})
    y = 2.0 * (1.0 - np.exp(-0.8 * frame["t"]))
    model = DescentRegressor("a*(1 - exp(-b*t))", steps=2000, request={"tags": {"from": "sklearn"}}, url=service.url)
    assert clone(model).fit(frame, y).predict(frame) == pytest.approx(y, abs=1e-3)
    assert clone(model).fit(frame, y).run_["tags"] == {"from": "sklearn"}


def test_a_run_that_is_cancelled_is_no_fit(service: Service) -> None:
    model = DescentRegressor(steps=9_000_000, batch_size=5, request={"name": "to be cancelled"}, url=service.url)
    with ThreadPoolExecutor() as pool, Descent(service.url) as client:
        fit = pool.submit(model.fit, np.arange(20.0)[:, None], np.arange(20.0))
        until(lambda: client.runs.list(name="to be cancelled"))[0].cancel()
        with pytest.raises(RunFailedError, match="ended as cancelled"):
            fit.result()


def test_a_run_that_goes_wrong_is_an_error(service: Service) -> None:
    x, y = np.arange(20.0)[:, None], np.arange(20.0)
    with pytest.raises(RunFailedError, match="diverged"):
        DescentRegressor(learning_rate=1e3, url=service.url).fit(x, y)
    with pytest.raises(ServiceError, match="optimizer"):
        DescentRegressor(optimizer="newton", url=service.url).fit(x, y)

"""scikit-learn's estimators, whose `fit` is a run of a service: for pipelines, searches and cross-validation.

They need scikit-learn (the extra `sklearn`), and a running service. A fitted estimator keeps the id of its run.
"""

import atexit
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from service.client.errors import RunFailedError
from service.client.fit_body import FitOptions, model_of
from service.client.synchronous.descent import Descent
from service.client.synchronous.runs import Run

LABEL_DIGITS = 6
"""The digits of the texts that stand for the classes: the service orders texts, and reads numbers as numbers."""


@cache
def _connected(url: str | None, key: str | None, _process: int) -> Descent:
    """The client of all estimators of a process. A fork has its own."""
    client = Descent(url, key)
    atexit.register(client.close)
    return client


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """The parameters are arguments of the client's `fit`. All rows are for training: scikit-learn splits by itself.

    Features are standardised unless `standardize` is false, or the model a formula. `request` has other fields of POST
    /fit; `url` is that of the client. The API key is DESCENT_KEY's: a parameter would be in every pickle.
    """

    def __init__(
        self,
        model: str | Mapping[str, Any] | None = None,
        *,
        steps: int = 1000,
        learning_rate: float | str = "auto",
        optimizer: str | Mapping[str, Any] = "gd",
        schedule: str | Mapping[str, Any] = "constant",
        batch_size: int | None = None,
        theta0: Any = None,
        loss: str | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        standardize: bool | Mapping[str, Any] | None = None,
        seed: int | None = None,
        request: Mapping[str, Any] | None = None,
        url: str | None = None,
    ) -> None:
        self.model, self.steps, self.learning_rate = model, steps, learning_rate
        self.optimizer, self.schedule, self.batch_size, self.theta0 = optimizer, schedule, batch_size, theta0
        self.loss, self.l1, self.l2, self.standardize, self.seed = loss, l1, l2, standardize, seed
        self.request, self.url = request, url

    @property
    def run_(self) -> Run:
        """The run of the last `fit`, as the service has it now. Raises ServiceError for one that was deleted."""
        check_is_fitted(self, "run_id_")
        return self._client().runs.get(self.run_id_)

    def _client(self) -> Descent:
        url = self.url or os.environ.get("DESCENT_URL")
        return _connected(url, os.environ.get("DESCENT_KEY"), os.getpid())

    def _fit(self, X: NDArray[np.float64], y: NDArray[Any], model: Mapping[str, Any] | None) -> None:
        """Descends on the data. Raises RunFailedError for a run that did not succeed."""
        options = self.get_params(deep=False)
        del options["url"]
        columns = getattr(self, "feature_names_in_", np.empty(0)).tolist()
        target = next(name for name in ("y", "target", "_target", "__target") if name not in columns)
        options |= {"model": model, "feature_names": columns or None, "target_name": target}
        if self.standardize is None:  # a formula is of the features in their own units
            options["standardize"] = model is None or model.get("kind") != "formula"
        options |= {"test_fraction": 0.0, "request": self.request or {}}
        self.__dict__.pop("run_id_", None)  # of an earlier fit: its classes are no longer those of this object
        run = self._client().fit(X, y, progress=False, **cast("FitOptions", options))
        if run.status != "succeeded":
            raise RunFailedError(f"The run {run.id} ended as {run.status}: {run.verdict}")
        self.run_id_: str = run.id
        self.n_iter_: int = run["final"]["step"]

    def _rows(self, X: ArrayLike) -> NDArray[np.float64]:
        """The rows of features to predict. Raises ValueError for rows of another width."""
        check_is_fitted(self, "run_id_")
        found: NDArray[np.float64] = validate_data(self, X, dtype=np.float64, reset=False)
        return found


class DescentRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A regression: linear unless `model` is another kind, an object of the API, or a formula of the features."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Descends on X, shape (n, d), and y, shape (n,). Raises ValueError for anything but numbers, DescentError."""
        rows, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        self._fit(rows, target, None if self.model is None else model_of(self.model))
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """f(θ, x), shape (n,)."""
        return self.run_.predict(self._rows(X))


class DescentClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A classification: logistic for two classes, softmax for more, unless `model` is another kind or an object."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Descends on X, shape (n, d), and labels y, shape (n,). Raises ValueError for fewer than two classes, and as
        that of a regression.
        """
        rows, target = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(target)
        self.classes_, codes = np.unique(column_or_1d(target), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y has one class only; a classifier needs two or more.")
        labels = np.array([f"{code:0{LABEL_DIGITS}}" for code in codes])
        self._fit(rows, labels, self._model(len(self.classes_)))
        return self

    def _model(self, classes: int) -> Mapping[str, Any]:
        """The model of the request. An mlp has a task: classification."""
        model = model_of(self.model or ("logistic" if classes == 2 else "softmax"))
        return {**model, "task": "classification"} if model.get("kind") == "mlp" else model

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row, shape (n,)."""
        codes = self.run_.predict(self._rows(X)).astype(int)
        found: NDArray[Any] = self.classes_[codes]
        return found

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """The probability of each class, in the order of `classes_`: shape (n, k)."""
        return self.run_.predict_proba(self._rows(X))

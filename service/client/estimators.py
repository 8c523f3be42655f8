"""scikit-learn's estimators, whose `fit` is a run of a service: for pipelines, searches and cross-validation.

They need scikit-learn (the extra `sklearn`), and a running service. A fitted estimator keeps the id of its run.
"""

import atexit
import csv
import os
from collections.abc import Mapping, Sequence
from functools import cache
from io import StringIO
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
MOST_SENT = 500_000
"""The most values in the body of a fit, which the service bounds at 16 MiB; more of them are uploaded."""


@cache
def _connected(url: str | None, key: str | None, _process: int) -> Descent:
    """The client of all estimators of a process. A fork has its own."""
    client = Descent(url, key)
    atexit.register(client.close)
    return client


def _free(name: str, taken: Sequence[str]) -> str:
    """The name, with underscores after it until it is none of those."""
    while name in taken:
        name += "_"
    return name


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
        is_formula = model is not None and model.get("kind") == "formula"
        names: list[str] = list(getattr(self, "feature_names_in_", ()))
        if not is_formula:  # a formula names its features; of the other models a parameter is called intercept
            names = [_free("intercept_", names) if each == "intercept" else each for each in names]
        target = _free("y", names)
        options["model"] = model
        if self.standardize is None:  # a formula is of the features in their own units
            options["standardize"] = not is_formula
        options |= {"test_fraction": 0.0, "request": self.request or {}}
        self.__dict__.pop("run_id_", None)  # of an earlier fit: its classes are no longer those of this object
        if X.size + y.size <= MOST_SENT:
            options |= {"feature_names": names or None, "target_name": target}
            run = self._client().fit(X, y, progress=False, **cast("FitOptions", options))
        else:
            options["dataset"] = self._uploaded(X, y, names or [f"x{i + 1}" for i in range(X.shape[1])], target)
            run = self._client().fit(progress=False, **cast("FitOptions", options))
        if run.status != "succeeded":
            raise RunFailedError(f"The run {run.id} ended as {run.status}: {run.verdict}")
        self.run_id_: str = run.id
        self.n_iter_: int = run["final"]["step"]

    def _uploaded(self, X: NDArray[np.float64], y: NDArray[Any], names: list[str], target: str) -> str:
        """The id of the data as a dataset of the service: a table has each number to its last bit.

        The same data have the same id, so a search uploads each part once.
        """
        table = StringIO(newline="")
        lines = csv.writer(table)
        lines.writerow([*names, target])
        lines.writerows([*row.tolist(), label] for row, label in zip(X, y.tolist(), strict=True))
        content = table.getvalue().encode()
        found = self._client().datasets.upload(content, target=target, features=names, progress=False)
        return str(found["id"])

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

"""Coefficients by pandas, scikit-learn and statsmodels: OLS by a pseudoinverse, classifications by Newton's method.

Importing this module takes seconds.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from statsmodels.api import OLS, Logit, add_constant


def read(file: Path, separator: str, *, is_titled: bool) -> Any:
    """The table of a file, or of one with a line of counts instead of a header: then x1, x2, … and y."""
    if not is_titled:
        return pd.read_csv(file, sep=separator)
    table = pd.read_csv(file, sep=separator, skiprows=1, header=None)
    return table.set_axis([*(f"x{j}" for j in range(1, table.shape[1])), "y"], axis=1)


def design(table: Any, features: list[str], target: str) -> tuple[Any, Any]:
    """The features, a category as its columns of 0 and 1, and the target."""
    x = pd.get_dummies(table, prefix_sep="=").astype(float)[features]
    return x.to_numpy(), table[target].to_numpy(dtype=float)


def coefficients(model: str, x: Any, y: Any) -> Any:
    """The coefficients of a model without penalty in the units of the data, the intercept first."""
    x = add_constant(x)
    fit = OLS(y, x).fit() if model == "linear" else Logit(y, x).fit(disp=0, tol=1e-12, maxiter=100)
    return fit.params


def penalised_theta(model: str, l2: float, x: Any, y: Any) -> Any:
    """The minimum with a penalty on the coefficients of the standardised features, the intercepts first."""
    x = StandardScaler().fit_transform(x)
    if model == "linear":
        ridge = Ridge(alpha=len(y) * l2, solver="svd").fit(x, y)
        return np.array([ridge.intercept_, *ridge.coef_])
    fit = LogisticRegression(C=1 / (2 * len(y) * l2), solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
    if model == "logistic":
        return np.array([*fit.intercept_, *fit.coef_[0]])
    return np.vstack([fit.intercept_ - fit.intercept_.mean(), fit.coef_.T])

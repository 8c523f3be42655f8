"""The table of models, and the user's own: f(θ, x) as a text has it."""

from collections.abc import Callable, Sequence

import numpy as np

from gd_engine.formula import parse
from gd_engine.linear_models import each, linear, logistic, polynomial, softmax_regression
from gd_engine.mlp import mlp
from gd_engine.model import Model, identity


def formula(features: Sequence[str], *, formula: str) -> Model:
    """f(θ, x) as a text has it, see `gd_engine.formula`; every parameter starts from 1. Raises FormulaError."""
    parsed = parse(formula, features)
    count = len(parsed.parameters)
    return Model(
        kind="formula",
        parameters=parsed.parameters,
        intercept=False,
        monomials=each(features),
        score=parsed.evaluate,
        link=identity,
        task="regression",
        penalised=(True,) * count,
        initial=lambda random: np.ones(count),  # noqa: ARG005
    )


MODELS: dict[str, Callable[..., Model]] = {
    "linear": linear,
    "polynomial": polynomial,
    "logistic": logistic,
    "softmax": softmax_regression,
    "mlp": mlp,
    "formula": formula,
}

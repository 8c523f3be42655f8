"""The table of models by name, and the model of a user's formula."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from gd_engine.formula.compiler import parse
from gd_engine.models.base import Model, identity
from gd_engine.models.linear import each, linear, logistic, polynomial, softmax_regression
from gd_engine.models.mlp import mlp
from gd_engine.models.undefined import undefined_part


def formula(features: Sequence[str], *, formula: str) -> Model:
    """The model f(θ, x) of a formula's text, such as `b1*(1 - exp(-b2*x))`; θ₀ is all ones.

    Raises FormulaError (`gd_engine.formula`).
    """
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
        undefined=partial(undefined_part, formula, features),
    )


MODELS: dict[str, Callable[..., Model]] = {
    "linear": linear,
    "polynomial": polynomial,
    "logistic": logistic,
    "softmax": softmax_regression,
    "mlp": mlp,
    "formula": formula,
}

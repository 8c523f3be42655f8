"""The shape of a model against the model itself: sizes and names, for every kind and many sizes."""

from collections.abc import Sequence
from typing import Any

import pytest

from gd_engine import MODELS, SHAPES

CLASSES = ["p", "qq", "rrr"]
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((kind, {"intercept": each}) for kind in ("linear", "logistic", "polynomial") for each in (True, False)),
    *(("polynomial", {"degree": degree, "intercept": True}) for degree in range(1, 12)),
    *(("softmax", {"classes": CLASSES[:k], "intercept": each}) for k in (2, 3) for each in (True, False)),
    *(("mlp", {"hidden": hidden}) for hidden in ([1], [9], [10], [12, 3], [11, 100, 2])),
    ("mlp", {"hidden": [4, 2], "task": "classification", "classes": CLASSES, "activation": "relu"}),
    ("mlp", {"hidden": [4], "task": "classification", "classes": CLASSES[:2]}),
    ("formula", {"formula": "b1*(1 - exp(-b2*x)) + long_name"}),
]
FEATURES = [["x"], ["x", "age"], ["x", "age", "größe", "d"]]


@pytest.mark.parametrize("features", FEATURES, ids=len)
@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=str)
def test_a_shape_has_the_sizes_and_names_of_its_model(
    kind: str, options: dict[str, Any], features: Sequence[str]
) -> None:
    shape, model = SHAPES[kind](features, **options), MODELS[kind](features, **options)
    assert tuple(shape.parameters) == model.parameters
    assert (shape.size, shape.characters) == (model.size, sum(map(len, model.parameters)))
    assert shape.degree == model.monomials.sum(axis=1).max()
    for field in ("kind", "task", "intercept", "linear"):
        assert getattr(shape, field) == getattr(model, field)
    assert shape.distinct


def test_a_polynomial_names_its_monomials_in_the_order_of_their_exponents() -> None:
    model = MODELS["polynomial"](["a", "b", "c"], degree=3)
    for name, exponents in zip(model.parameters[1:], model.monomials, strict=True):
        powers = zip("abc", exponents, strict=True)
        assert name == "*".join(letter if k == 1 else f"{letter}^{k}" for letter, k in powers if k)


@pytest.mark.parametrize(
    ("kind", "features", "options"),
    [
        ("linear", ["intercept"], {}),
        ("polynomial", ["a", "a^2"], {}),
        ("polynomial", ["a", "b", "a*b"], {}),
        ("softmax", ["intercept"], {"classes": CLASSES}),
        ("softmax", ["a", "a[b]"], {"classes": ["b][c", "c"]}),
    ],
)
def test_names_that_meet_are_never_called_distinct(kind: str, features: list[str], options: dict[str, Any]) -> None:
    shape = SHAPES[kind](features, **options)
    assert len(set(shape.parameters)) < shape.size
    assert not shape.distinct


def test_the_sizes_of_an_enormous_model_need_no_names() -> None:
    features = [f"x{number}" for number in range(1000)]
    assert SHAPES["polynomial"](features, degree=30).size > 10**50
    assert SHAPES["mlp"](features, hidden=[2**62] * 8).size > 10**36

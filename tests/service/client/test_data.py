"""Data of every library becomes the same request."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from service.client.data import as_json, chosen, dataset_of, rows_of
from service.client.fit_body import FitOptions, body_of

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]]
Y = [1.0, 0.5, 2.0]
NAMED = {"x": ROWS, "y": Y, "feature_names": ["age", "size"], "target_name": "height"}
COLUMNS = {"age": [1.0, 3.0, 5.0], "size": [2.0, 4.0, 6.5]}


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (ROWS, Y),
        (tuple(map(tuple, ROWS)), tuple(Y)),
        (np.array(ROWS), np.array(Y)),
        ([np.array(row) for row in ROWS], [np.float64(value) for value in Y]),
        (np.array(ROWS), np.array(Y)[:, None]),
    ],
    ids=["lists", "tuples", "arrays", "lists of arrays", "a column"],
)
def test_rows_of_any_kind(x: Any, y: Any) -> None:
    assert dataset_of(x, y) == {"x": ROWS, "y": Y}


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (pd.DataFrame(COLUMNS), pd.Series(Y, name="height")),
        (pl.DataFrame(COLUMNS), pl.Series("height", Y)),
    ],
    ids=["pandas", "polars"],
)
def test_frames_have_their_names(x: Any, y: Any) -> None:
    assert dataset_of(x, y) == NAMED
    assert dataset_of(x, y, ["a", "b"], "c") == {**NAMED, "feature_names": ["a", "b"], "target_name": "c"}


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_is_read_by_the_names_of_the_features(frame: Any) -> None:
    turned = frame({"more": [0.0, 0.0, 0.0], "size": COLUMNS["size"], "age": COLUMNS["age"]})
    assert rows_of(chosen(turned, ["age", "size"])) == ROWS
    assert rows_of(chosen(frame(COLUMNS), ["other", "names"])) == ROWS
    with pytest.raises(ValueError, match=r"no column 'weight'"):
        rows_of(chosen(turned, ["age", "weight"]))


def test_a_single_feature_may_be_flat() -> None:
    assert dataset_of([1, 2, 3], [4, 5, 6]) == {"x": [[1], [2], [3]], "y": [4, 5, 6]}
    assert dataset_of(pd.Series([1, 2]), np.array([True, False])) == {"x": [[1], [2]], "y": [1, 0]}


def test_names_are_those_that_the_data_have() -> None:
    numbered = pd.DataFrame(ROWS)
    assert dataset_of(numbered, pd.Series(Y)) == {"x": ROWS, "y": Y}
    assert rows_of(chosen(numbered, ["x1", "x2"])) == ROWS
    assert dataset_of(pl.DataFrame(COLUMNS), pl.Series(Y)) == {
        name: NAMED[name] for name in ("x", "y", "feature_names")
    }
    one = pd.DataFrame(COLUMNS)["age"]
    assert dataset_of(one, pd.DataFrame({"height": Y})) == {
        "x": [[1.0], [3.0], [5.0]], "y": Y, "feature_names": ["age"], "target_name": "height"
    }  # fmt: skip


def test_a_single_number_is_no_data() -> None:
    with pytest.raises(TypeError, match="5 is one value"):
        rows_of(5)


def test_labels_stay_texts_and_gaps_are_null() -> None:
    assert dataset_of([[1.0], [float("nan")]], ["yes", "no"]) == {"x": [[1.0], [None]], "y": ["yes", "no"]}


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite number"):
        dataset_of([[1.0], [float("inf")]], [1.0, 2.0])


def test_dates_are_refused_and_gaps_of_pandas_are_null() -> None:
    dates = np.array([["2020-01-01"], ["2020-01-02"]], dtype="datetime64[ns]")
    with pytest.raises(TypeError, match="Dates and times are no numbers"):
        dataset_of(dates, [1, 2])
    frame = pd.DataFrame({"a": pd.array([1.5, None], dtype="Float64"), "b": [1, 2]})
    assert rows_of(frame) == [[1.5, 1], [None, 2]]


def test_a_mistyped_argument_is_named() -> None:
    options: Any = {"step": 5, "learning_rte": 1}
    with pytest.raises(TypeError, match="fit has no argument learning_rte, step"):
        body_of([1], [1], options)
    with pytest.raises(TypeError, match="names of x and y"):
        body_of(None, None, {"dataset": "latest", "target_name": "y"})


def test_the_subject_may_be_in_the_request() -> None:
    request = {"function": {"name": "bowl"}}
    assert body_of(None, None, {"request": request}) == request
    with pytest.raises(TypeError, match="fit takes either"):
        body_of(None, None, {"request": request, "dataset": "latest"})


def test_a_mistyped_model_is_no_formula() -> None:
    assert body_of([1], [1], {"model": "linaer"})["model"] == {"kind": "linaer"}


def test_options_have_their_places_in_the_request() -> None:
    options: FitOptions = {
        "model": "b1*(1 - exp(-b2*x))",
        "steps": 10,
        "learning_rate": 0.1,
        "optimizer": "adam",
        "theta0": np.array([1.0, 2.0]),
        "l2": 0.5,
        "test_fraction": 0.0,
        "standardize": True,
        "name": "curve",
        "request": {"descent": {"optimizer": {"beta1": 0.8}}, "tags": {"for": "class"}},
    }
    assert as_json(body_of(None, None, {**options, "dataset": {"sample": "misra1a"}})) == {
        "dataset": {"sample": "misra1a"},
        "model": {"kind": "formula", "formula": "b1*(1 - exp(-b2*x))"},
        "descent": {
            "steps": 10,
            "learning_rate": 0.1,
            "theta0": [1.0, 2.0],
            "optimizer": {"kind": "adam", "beta1": 0.8},
        },
        "objective": {"l2": 0.5},
        "split": {"test_fraction": 0.0},
        "standardize": True,
        "name": "curve",
        "tags": {"for": "class"},
    }
    assert body_of(None, None, {"function": "rosenbrock"}) == {"function": {"name": "rosenbrock"}}
    assert body_of(None, None, {"function": "(a - 1)**2"}) == {"function": {"formula": "(a - 1)**2"}}
    assert body_of(None, None, {"dataset": "latest"}) == {"dataset": {"id": "latest"}}


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        (None, None, {}),
        ([1], None, {}),
        (None, [1], {}),
        ([1], [1], {"dataset": "latest"}),
        (None, None, {"dataset": "latest", "function": "bowl"}),
    ],
)
def test_a_fit_has_one_subject(x: Any, y: Any, options: FitOptions) -> None:
    with pytest.raises(TypeError, match="either x and y, or dataset=, or function="):
        body_of(x, y, options)

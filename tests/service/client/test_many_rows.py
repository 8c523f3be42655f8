"""Predictions for many rows: the client sends them as NPZ, in several requests. Against a real service."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import polars as pl
import pytest

from service.client import AsyncDescent, Descent, ServiceError, many_rows
from service.server.live_server import Service
from tests.waiting import result_of

SAME = 1e-14
"""The last bit of a product of matrices depends on how many rows there are."""
NPZ = "application/x-npz"
X = np.random.default_rng(0).normal(size=(50, 3))


@pytest.fixture
def client(service: Service) -> Iterator[Descent]:
    with Descent(service.url) as client:
        yield client


@pytest.fixture
def kinds(client: Descent, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The media types of the bodies that the client sends."""
    kinds: list[str] = []
    send = client.connection.send

    def noted(method: str, path: str, **options: Any) -> httpx2.Response:
        kinds.append(options.get("headers", {}).get("Content-Type", "application/json"))
        return send(method, path, **options)

    monkeypatch.setattr(client.connection, "send", noted)
    return kinds


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 40 numbers are many, and 42 are those of a request."""
    monkeypatch.setattr(many_rows, "MANY_VALUES", 40)
    monkeypatch.setattr(many_rows, "PIECE_VALUES", 42)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("given", [np.asarray, pd.DataFrame, pl.DataFrame, np.ndarray.tolist, np.asfortranarray])
def test_many_rows_are_sent_as_numbers_in_bytes(given: Callable[[Any], Any], client: Descent, kinds: list[str]) -> None:
    run = client.fit(X, X @ [1.0, 2.0, 3.0], steps=20)
    for step in (3, "last"):
        expected = np.concatenate([run.predict(X[first : first + 10], step=step) for first in range(0, 50, 10)])
        kinds.clear()
        np.testing.assert_allclose(run.predict(given(X), step=step), expected, rtol=SAME)
        assert kinds == [NPZ] * 4  # of 14 rows each


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("labels", [["a, b", "c"], [3, 7], [0, 1]])
def test_many_rows_have_labels_and_probabilities(labels: list[Any], client: Descent, kinds: list[str]) -> None:
    x = np.linspace(0, 1, 60)
    run = client.fit(x, [labels[int(each > 0.5)] for each in x], model="logistic", steps=50)
    expected = [run.predict(x[half]) for half in (slice(30), slice(30, 60))]
    shares = [run.predict_proba(x[half]) for half in (slice(30), slice(30, 60))]
    kinds.clear()
    found = run.predict(x)
    assert (found.tolist(), found.dtype) == (np.concatenate(expected).tolist(), expected[0].dtype)
    np.testing.assert_allclose(run.predict_proba(x), np.concatenate(shares), rtol=SAME)
    assert kinds == [NPZ] * 4


@pytest.mark.usefixtures("few")
def test_many_rows_with_a_fault_are_refused_by_its_place(client: Descent, kinds: list[str]) -> None:
    run = client.fit([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], steps=5)
    kinds.clear()
    x = np.arange(100.0)
    x[3] = np.nan
    with pytest.raises(ServiceError, match="/x/3/0"):
        run.predict(x)
    with pytest.raises(ServiceError, match="has 2 columns; the run has 1 feature"):
        run.predict(np.ones((50, 2)))
    assert kinds == ["application/json", NPZ]


@pytest.mark.usefixtures("few")
def test_many_predictions_that_are_not_finite_are_nan(client: Descent) -> None:
    run = client.fit(
        [1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], model="p * log(x1 + 1) + q", steps=3, learning_rate=0.01
    )
    assert np.isnan(run.predict([-7.0, *range(60)])).tolist() == [True, *[False] * 60]


def test_many_rows_without_a_number_each_are_sent_as_json(client: Descent, kinds: list[str], monkeypatch: Any) -> None:
    """JSON names the place of a fault: of a text, or of a row that is too short."""
    run = client.fit(X, X @ [1.0, 2.0, 3.0], steps=5)
    monkeypatch.setattr(many_rows, "MANY_VALUES", 3)
    kinds.clear()
    for rows, place in (([[1.0, 2.0, 3.0], [1.0, 2.0]], "/x/1"), ([[1.0, 2.0, 3.0], [1.0, 2.0, "a"]], "/x/1/2")):
        with pytest.raises(ServiceError, match=place):
            run.predict(rows)
    assert kinds == ["application/json"] * 2


@pytest.mark.usefixtures("few")
def test_an_asynchronous_client_sends_the_same(service: Service) -> None:
    async def predicted() -> tuple[Any, Any]:
        async with AsyncDescent(service.url) as client:
            run = await client.fit(X, X @ [1.0, 2.0, 3.0], steps=5)
            return await run.predict(X), await run.predict(X[:10])

    many, few = result_of(predicted())
    np.testing.assert_allclose(many[:10], few, rtol=SAME)
    assert many.shape == (50,)

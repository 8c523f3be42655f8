# Made from service/client/asynchronous/descent.py by `python -m tests.service.client.source`.
"""The client of a service."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack
from uuid import uuid4

from service.client.data import JsonObject
from service.client.fit_body import FitOptions, body_of
from service.client.progress import PROGRESS
from service.client.synchronous.connection import Connection
from service.client.synchronous.datasets import Datasets
from service.client.synchronous.runs import Run, Runs
from service.client.synchronous.sweeps import Sweep, Sweeps

SHORT_SECONDS = 2.0
"""A fit that ends within this time takes one request."""


class Descent:
    """A service at an address, by default that of DESCENT_URL, else of `descent serve`; the key is DESCENT_KEY's.

    A request that a busy service refused, or whose connection broke, is sent again up to `retries` times where that is
    safe: a fit has an Idempotency-Key, so it runs once.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout: float = 60.0, retries: int = 6
    ) -> None:
        self.connection = Connection(url, key, timeout, retries)
        self.runs, self.sweeps = Runs(self.connection), Sweeps(self.connection)
        self.datasets = Datasets(self.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self.connection.close()

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        wait: bool = True,
        progress: bool | None = PROGRESS,
        **options: Unpack[FitOptions],
    ) -> Run:
        """A run on x, shape (n, d), and y, shape (n,): lists, arrays or frames; on `dataset`; or on `function`.

        Waits for its end, unless `wait` is false. Raises ServiceError for a refused request, RunFailedError.
        """
        body = body_of(x, y, options)
        headers = {"Idempotency-Key": uuid4().hex}
        seconds = SHORT_SECONDS if wait else None
        facts = self.connection.json("POST", "/fit", body=body, headers=headers, wait=seconds, member="id")
        run = Run(self.connection, facts)
        return run.wait(progress=progress) if wait else run

    def price(self, x: Any = None, y: Any = None, **options: Unpack[FitOptions]) -> JsonObject:
        """What a fit would cost: steps, parameters, bytes, gradient evaluations. Nothing is stored."""
        return self.connection.json("POST", "/fit/price", body=body_of(x, y, options), repeatable=True)

    def sweep(
        self,
        grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        x: Any = None,
        y: Any = None,
        *,
        rank_by: str | None = None,
        wait: bool = True,
        progress: bool | None = PROGRESS,
        **options: Unpack[FitOptions],
    ) -> Sweep:
        """Runs for each combination of a grid, such as {"/descent/learning_rate": [0.1, 0.2]}, or each listed change.

        The other arguments are those of `fit`.
        """
        body: JsonObject = {"base": body_of(x, y, options)}
        body |= {"grid": dict(grid)} if isinstance(grid, Mapping) else {"list": [dict(each) for each in grid]}
        if rank_by is not None:
            body["rank_by"] = rank_by
        headers = {"Idempotency-Key": uuid4().hex}
        sweep = Sweep(self.connection, self.connection.json("POST", "/sweeps", body=body, headers=headers))
        return sweep.wait(progress=progress) if wait else sweep

    def samples(self) -> list[JsonObject]:
        """The datasets that ship."""
        return self._data("/samples")

    def functions(self) -> list[JsonObject]:
        """The functions without data that ship, with their minima."""
        return self._data("/functions")

    def _data(self, path: str) -> list[JsonObject]:
        answer = self.connection.json("GET", path, member="data")
        found: list[JsonObject] = answer["data"]
        return found

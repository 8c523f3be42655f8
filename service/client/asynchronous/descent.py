"""The client of a service."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack
from uuid import uuid4

from service.client.asynchronous.connection import AsyncConnection
from service.client.asynchronous.datasets import AsyncDatasets
from service.client.asynchronous.runs import AsyncRun, AsyncRuns
from service.client.asynchronous.sweeps import AsyncSweep, AsyncSweeps
from service.client.data import JsonObject
from service.client.fit_body import FitOptions, body_of
from service.client.progress import ASYNC_PROGRESS

SHORT_SECONDS = 2.0
"""A fit that ends within this time takes one request."""


class AsyncDescent:
    """A service at an address, by default that of DESCENT_URL, else of `descent serve`; the key is DESCENT_KEY's.

    A request that a busy service refused, or whose connection broke, is sent again up to `retries` times where that is
    safe: a fit has an Idempotency-Key, so it runs once.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout: float = 60.0, retries: int = 6
    ) -> None:
        self.connection = AsyncConnection(url, key, timeout, retries)
        self.runs, self.sweeps = AsyncRuns(self.connection), AsyncSweeps(self.connection)
        self.datasets = AsyncDatasets(self.connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self.connection.close()

    async def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        wait: bool = True,
        progress: bool | None = ASYNC_PROGRESS,
        **options: Unpack[FitOptions],
    ) -> AsyncRun:
        """A run on x, shape (n, d), and y, shape (n,): lists, arrays or frames; on `dataset`; or on `function`.

        Waits for its end, unless `wait` is false. Raises ServiceError for a refused request, RunFailedError.
        """
        body = body_of(x, y, options)
        headers = {"Idempotency-Key": uuid4().hex}
        seconds = SHORT_SECONDS if wait else None
        facts = await self.connection.json("POST", "/fit", body=body, headers=headers, wait=seconds, member="id")
        run = AsyncRun(self.connection, facts)
        return await run.wait(progress=progress) if wait else run

    async def price(self, x: Any = None, y: Any = None, **options: Unpack[FitOptions]) -> JsonObject:
        """What a fit would cost: steps, parameters, bytes, gradient evaluations. Nothing is stored."""
        return await self.connection.json("POST", "/fit/price", body=body_of(x, y, options), repeatable=True)

    async def sweep(
        self,
        grid: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        x: Any = None,
        y: Any = None,
        *,
        rank_by: str | None = None,
        wait: bool = True,
        progress: bool | None = ASYNC_PROGRESS,
        **options: Unpack[FitOptions],
    ) -> AsyncSweep:
        """Runs for each combination of a grid, such as {"/descent/learning_rate": [0.1, 0.2]}, or each listed change.

        The other arguments are those of `fit`.
        """
        body: JsonObject = {"base": body_of(x, y, options)}
        body |= {"grid": dict(grid)} if isinstance(grid, Mapping) else {"list": [dict(each) for each in grid]}
        if rank_by is not None:
            body["rank_by"] = rank_by
        headers = {"Idempotency-Key": uuid4().hex}
        sweep = AsyncSweep(self.connection, await self.connection.json("POST", "/sweeps", body=body, headers=headers))
        return await sweep.wait(progress=progress) if wait else sweep

    async def samples(self) -> list[JsonObject]:
        """The datasets that ship."""
        return await self._data("/samples")

    async def functions(self) -> list[JsonObject]:
        """The functions without data that ship, with their minima."""
        return await self._data("/functions")

    async def _data(self, path: str) -> list[JsonObject]:
        answer = await self.connection.json("GET", path, member="data")
        found: list[JsonObject] = answer["data"]
        return found

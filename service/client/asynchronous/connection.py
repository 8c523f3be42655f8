"""Connection to a service: sends requests, again where that is safe, and reads answers."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from service.client.data import JsonObject
from service.client.errors import NotReachableError, ServiceError
from service.client.pauses import async_pause
from service.client.retrying import backoff, is_repeatable, pause_after

URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 10.0
Query = Mapping[str, Any] | None
Content = Callable[[], AsyncIterator[bytes]] | None
"""A function that begins the body anew: for each attempt."""


class AsyncConnection:
    """A pool of connections to one service."""

    def __init__(self, url: str | None, key: str | None, timeout: float, retries: int) -> None:
        self.address = (url or os.environ.get("DESCENT_URL") or URL).rstrip("/")
        self.retries = retries
        key = key or os.environ.get("DESCENT_KEY")
        # A request waits as long as it takes for one of the connections: others of this client are on their way.
        times = httpx2.Timeout(timeout, connect=CONNECT_SECONDS, pool=None)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.AsyncClient(base_url=self.address, headers=headers, timeout=times)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def json(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """The JSON object of an answer. Raises ServiceError, NotReachableError."""
        response = await self.send(method, path, query=query, body=body, headers=headers)
        return _object(response)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        body: object = None,
        content: Content = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> httpx2.Response:
        """The answer. `repeatable` says that a request may be sent twice, where its method does not.

        Raises ServiceError, NotReachableError.
        """
        sent = dict(headers or {})
        safe = is_repeatable(method, sent) if repeatable is None else repeatable
        params = {name: value for name, value in (query or {}).items() if value is not None}
        attempt = 0
        while True:
            try:
                response = await self._http.request(
                    method, path, params=params, json=body, content=content and content(), headers=sent
                )
            except httpx2.TransportError as error:
                is_unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if attempt >= self.retries or not (safe or is_unsent):
                    raise self._unreachable(error) from None
                await async_pause(backoff(attempt))
            else:
                retry_after = response.headers.get("Retry-After")
                seconds = pause_after(response.status_code, retry_after, attempt, repeatable=safe)
                if seconds is None or attempt >= self.retries:
                    return _checked(response)
                await async_pause(seconds)
            attempt += 1

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Query = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """The answer to a GET while it comes. Raises ServiceError, NotReachableError, also if the connection breaks."""
        params = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            async with self._http.stream("GET", path, params=params, headers=dict(headers or {})) as response:
                if response.is_error:
                    await response.aread()
                yield _checked(response)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> NotReachableError:
        hint = "Start it with `descent serve`, or give its address: Descent(url)."
        return NotReachableError(f"No service answers at {self.address} ({error}). {hint}")


def _checked(response: httpx2.Response) -> httpx2.Response:
    """The answer. Raises ServiceError if it is an error."""
    if response.is_error:
        problem = _object(response)
        raise ServiceError(response.status_code, problem)
    return response


def _object(response: httpx2.Response) -> JsonObject:
    """The JSON object of an answer. Raises ServiceError for anything else."""
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ServiceError(response.status_code, {})
    return found

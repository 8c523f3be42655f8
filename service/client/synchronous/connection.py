# Made from service/client/asynchronous/connection.py by `python -m tests.service.client.source`.
"""Connection to a service: sends requests, again where that is safe, and reads answers."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any, TypedDict, Unpack

import httpx2

from service.client.data import JsonObject, as_json
from service.client.errors import NotReachableError, ServiceError
from service.client.retrying import backoff, is_repeatable, pause_after

URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 10.0
NOT_FOUND = 404
Content = bytes | Callable[[], Iterator[bytes]]
"""The body, or a function that begins it anew: for each attempt."""


class Options(TypedDict, total=False):
    """The parts of a request."""

    query: Mapping[str, Any]
    """Parameters; those that are None are left out."""
    body: object
    """What is sent as JSON."""
    content: Content
    """What is sent as it is."""
    headers: Mapping[str, str]
    wait: float | None
    """The seconds for which the service may wait for the end."""
    member: str
    """What the JSON object of the answer has: without it, it is that of another program."""
    repeatable: bool
    """Whether the request may be sent twice, where its method does not say so."""


class Connection:
    """A pool of connections to one service."""

    def __init__(self, url: str | None, key: str | None, timeout: float, retries: int) -> None:
        self.address = (url or os.environ.get("DESCENT_URL") or URL).rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise ValueError(f"{self.address}: the address of a service begins with http:// or https://.")
        key = (key or os.environ.get("DESCENT_KEY") or "").strip()
        if not (key.isascii() and key.isprintable()):
            raise ValueError("This is no API key: `descent keys create NAME` prints one.")
        self.retries = retries
        self._timeout = timeout
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=self.address, headers=headers)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def json(self, method: str, path: str, **options: Unpack[Options]) -> JsonObject:
        """The JSON object of an answer. Raises ServiceError, NotReachableError."""
        return _object(self.send(method, path, **options), options.get("member"))

    def send(self, method: str, path: str, **options: Unpack[Options]) -> httpx2.Response:
        """The answer. Raises ServiceError, NotReachableError."""
        headers, wait = dict(options.get("headers", {})), options.get("wait")
        if wait is not None:
            headers["Prefer"] = f"wait={max(1, ceil(wait))}"
        body, content, query = options.get("body"), options.get("content"), options.get("query")
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(as_json(body)).encode()

        def request() -> httpx2.Request:
            sent = content() if callable(content) else content
            return self._request(method, path, query, sent, headers, wait or 0.0)

        repeatable = options.get("repeatable", is_repeatable(method, headers))
        return self._answer(request, repeatable=repeatable)

    @contextmanager
    def stream(
        self,
        path: str,
        media_type: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        quiet: float = 0.0,
    ) -> Iterator[httpx2.Response]:
        """The answer to a GET, of this media type, while it comes; it may pause for `quiet` seconds.

        Raises ServiceError, NotReachableError, also if the connection breaks in between.
        """

        def request() -> httpx2.Request:
            return self._request("GET", path, query, None, headers or {}, quiet)

        response = self._answer(request, repeatable=True, is_stream=True)
        try:
            if not response.headers.get("Content-Type", "").startswith(media_type):
                raise ServiceError(response.status_code, {})
            yield response
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None
        finally:
            response.close()

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        content: bytes | Iterator[bytes] | None,
        headers: Mapping[str, str],
        wait: float,
    ) -> httpx2.Request:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        # A request waits as long as it takes for one of the connections: others of this client are on their way.
        timeout = httpx2.Timeout(self._timeout, read=self._timeout + wait, connect=CONNECT_SECONDS, pool=None)
        return self._http.build_request(
            method, path, params=params, content=content, headers=dict(headers), timeout=timeout
        )

    def _answer(
        self, request: Callable[[], httpx2.Request], *, repeatable: bool, is_stream: bool = False
    ) -> httpx2.Response:
        """The answer to the request, which is made anew for each attempt."""
        for attempt in range(self.retries + 1):
            is_last = attempt == self.retries
            try:
                response = self._http.send(request(), stream=is_stream)
                if is_stream and not response.is_success:
                    response.read()
            except httpx2.TransportError as error:
                is_unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if is_last or not (repeatable or is_unsent):
                    raise self._unreachable(error) from None
                seconds: float | None = backoff(attempt)
            else:
                retry_after = response.headers.get("Retry-After")
                seconds = pause_after(response.status_code, retry_after, attempt, repeatable=repeatable)
                if attempt and response.status_code == NOT_FOUND and response.request.method == "DELETE":
                    return response  # an earlier attempt has deleted it
                if is_last or seconds is None:
                    return _checked(response)
            time.sleep(seconds or 0.0)
        raise AssertionError("the last attempt returns or raises")

    def _unreachable(self, error: Exception) -> NotReachableError:
        shown = re.sub("//[^/]*@", "//", self.address)  # without a password
        if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
            return NotReachableError(f"{shown} has not answered within {self._timeout:g} s ({error}).")
        hint = "Start it with `descent serve`, or give its address."
        return NotReachableError(f"No service answers at {shown}. {hint} ({error})")


def _checked(response: httpx2.Response) -> httpx2.Response:
    """The answer. Raises ServiceError unless it is a success."""
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    raise ServiceError(response.status_code, problem if isinstance(problem, dict) else {})


def _object(response: httpx2.Response, member: str | None) -> JsonObject:
    """The JSON object of an answer, with this member if one is named. Raises ServiceError for anything else."""
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or (member is not None and member not in found):
        raise ServiceError(response.status_code, {})
    return found

# Made from service/client/asynchronous/resources.py by `python -m tests.service.client.source`.
"""What runs and sweeps have in common: they are asked for again, waited for, renamed, cancelled and deleted."""

import time
from typing import ClassVar, Self

from service.client.data import JsonObject
from service.client.errors import NotReachableError
from service.client.facts import Facts
from service.client.files import path_of
from service.client.progress import bar, is_shown
from service.client.retrying import backoff
from service.client.synchronous.connection import Connection

LONG_POLL_SECONDS, SHOWN_SECONDS = 20.0, 1.0
"""The time for which a request waits for the end; shorter where progress is shown."""
LONGEST_PAUSE = 3.0
"""The longest time between two looks, if the service lets no more requests wait."""


class Resource(Facts):
    """An object of the service. Its facts are those of the last answer."""

    PATH: ClassVar[str]

    def __init__(self, connection: Connection, facts: JsonObject) -> None:
        super().__init__(facts)
        self._connection = connection

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        raise NotImplementedError

    def refresh(self, wait: float | None = None) -> Self:
        """Asks for the facts; with `wait` the answer comes at the end, after so many seconds at the latest."""
        self.facts = self._connection.json("GET", self._path(), wait=wait)
        return self

    def rename(self, name: str | None) -> Self:
        """Gives it a name; None removes it."""
        self.facts = self._connection.json("PATCH", self._path(), body={"name": name}, repeatable=True)
        return self

    def cancel(self) -> Self:
        """Ends it; all steps stay."""
        return self._changed("/cancel")

    def delete(self) -> None:
        """Deletes it, and all steps."""
        self._connection.send("DELETE", self._path())

    def _changed(self, place: str) -> Self:
        self.facts = self._connection.json("POST", self._path(place))
        return self

    def _wait(self, timeout: float | None, progress: bool | None) -> None:
        """Waits for the end. Says of an interrupted wait that the work goes on."""
        try:
            self._look_until_end(timeout, progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{self!r} goes on; .cancel() ends it.") from None
        except NotReachableError as error:
            raise NotReachableError(f"{error} This was about {self!r}, which goes on with the service.") from None

    def _look_until_end(self, timeout: float | None, progress: bool | None) -> None:
        until = None if timeout is None else time.monotonic() + timeout
        shown = is_shown(progress)
        attempt = 0
        with bar(self.name or self.id, "steps", shown=shown) as show:
            while not self.is_finished:
                left = LONG_POLL_SECONDS if until is None else until - time.monotonic()
                if left <= 0:
                    goes_on = "It continues by resume()." if self.status == "paused" else "It goes on."
                    raise TimeoutError(f"{self.id} is {self.status} after {timeout} s. {goes_on}")
                begun, asked = time.monotonic(), min(left, SHOWN_SECONDS if shown else LONG_POLL_SECONDS)
                self.refresh(wait=asked)
                show(self.facts["steps_done"], self.facts["steps_total"])
                if not self.is_finished and time.monotonic() - begun < asked / 2:  # the request was not let wait
                    time.sleep(min(backoff(attempt, LONGEST_PAUSE), left))
                    attempt += 1

    def _path(self, place: str = "") -> str:
        return path_of(self.PATH, self.id) + place

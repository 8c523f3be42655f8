"""Single flight: requests that ask for the same thing at the same time share one computation."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0


class SingleFlight(Generic[T]):
    """The running computations of one event loop, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def result(self, key: Hashable, start: Callable[[], asyncio.Task[T]]) -> T:
        """The result of the computation with this key, which `start` starts unless it runs.

        The last request to give up cancels the computation. Raises what the computation raises.
        """
        flight = self._flights.get(key) or self._begin(key, start)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._end(key, flight)
                flight.task.cancel()  # no effect after its end

    def cancel(self) -> None:
        """Cancels all computations."""
        for flight in self._flights.values():
            flight.task.cancel()

    def _begin(self, key: Hashable, start: Callable[[], asyncio.Task[T]]) -> _Flight[T]:
        flight = self._flights[key] = _Flight(start())
        flight.task.add_done_callback(lambda _: self._end(key, flight))
        return flight

    def _end(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # marks the exception as retrieved, so that asyncio does not log it

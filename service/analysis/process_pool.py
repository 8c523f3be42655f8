"""The processes that answer inquiries, as the API sees them: started when first asked, ended when nobody asks."""

import asyncio
import multiprocessing
import os
import time
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessPool

from service.analysis.fair_queue import Turns
from service.analysis.pool_worker import NoAnswerError, Question, answer, begin
from service.core.concurrency_limit import SOON, ConcurrencyLimit, Slot
from service.core.exceptions import ConflictError, TooLargeError, UnavailableError
from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings

PATIENCE = 2
"""How many times the longest computation whoever asks waits for an answer, those before it included."""
KEPT_BYTES = 32 * 1024 * 1024
IDLE_SECONDS = 300.0
TOO_LONG = "This takes too long: more than {:g} seconds to compute. Ask for less."
TOO_LATE = "This has waited {:g} seconds for its turn. Try again in a second."
TOO_LARGE = "This needs more memory than a worker may have. Ask for less: a lower resolution, fewer rows."
DIED = "The process that computed this died, perhaps of too little memory; the service's log says more."


class AnalysisPool:
    """Answers questions of one event loop, the same question once however many ask it, and keeps the latest answers."""

    def __init__(self, settings: Settings, places: ConcurrencyLimit) -> None:
        self.places = places
        self._settings = settings
        self._turns = Turns(settings.inquiry_processes)
        self._pool: ProcessPool | None = None
        self._asked: dict[Hashable, asyncio.Task[bytes]] = {}
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._used = 0.0

    async def answer(self, user: str, question: Question, *arguments: Hashable) -> bytes:
        """The answer as JSON, kept for those who ask the same. It takes a place of the user who asks it first.

        Raises ConflictError where there is none, TooLargeError, TooManyRequestsError, UnavailableError.
        """
        key = (question, arguments)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = await self._found(self._asked.get(key) or self._schedule(key, user, question, arguments))
        self._keep(key, found)
        return found

    async def answer_once(self, user: str, question: Question, *arguments: Any) -> bytes:
        """The same, for what is asked with data of its own: not kept."""
        return await self._found(self._schedule(object(), user, question, arguments))

    def close(self) -> None:
        """Gives up what was asked, and ends the processes."""
        for asked in self._asked.values():
            asked.cancel()
        if self._pool is not None:
            _end(self._pool)
            self._pool = None

    async def _found(self, asked: asyncio.Task[bytes]) -> bytes:
        longest = self._settings.max_inquiry_seconds
        patience = asyncio.timeout(PATIENCE * longest)
        try:
            async with patience:
                # Whoever leaves does not take the answer from others.
                return await asyncio.shield(asked)
        except NoAnswerError as error:
            raise ConflictError(str(error)) from None
        except MemoryError:
            raise TooLargeError(TOO_LARGE) from None
        except TimeoutError:
            if patience.expired():
                raise UnavailableError(TOO_LATE.format(PATIENCE * longest), headers=SOON) from None
            raise TooLargeError(TOO_LONG.format(longest)) from None
        except (ProcessExpired, BrokenProcessPool):
            raise UnavailableError(DIED, headers=SOON) from None

    def _schedule(
        self, key: Hashable, user: str, question: Question, arguments: tuple[Any, ...]
    ) -> asyncio.Task[bytes]:
        place = self.places.take(user)
        task = asyncio.create_task(self._computed(place, question, arguments))
        self._asked[key] = task

        def end(_: object) -> None:
            self._asked.pop(key, None)
            self.places.leave(place)
            if not task.cancelled():
                task.exception()  # which the log would tell of if nobody awaits it any more

        task.add_done_callback(end)
        return task

    async def _computed(self, place: Slot, question: Question, arguments: tuple[Any, ...]) -> bytes:
        async with self._turns.turn(place.user):
            pool = self._ready(asyncio.get_running_loop())
            timeout = self._settings.max_inquiry_seconds
            future: Future[bytes] = pool.schedule(answer, (question, arguments), timeout=timeout)
            return await asyncio.wrap_future(future)

    def _ready(self, loop: asyncio.AbstractEventLoop) -> ProcessPool:
        self._used = time.monotonic()
        if self._pool is None or not self._pool.active:  # or what was in it could not be started
            os.environ.update(ONE_THREAD | os.environ)  # what is spawned inherits it
            self._pool = ProcessPool(
                self._settings.inquiry_processes,
                initializer=begin,
                initargs=(self._settings.model_dump_json(),),
                context=multiprocessing.get_context("spawn"),
            )
            loop.call_later(IDLE_SECONDS, self._rest, loop)
        return self._pool

    def _rest(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends processes that nobody has asked for long: each takes as much memory as a worker."""
        left = self._used + IDLE_SECONDS - time.monotonic()
        if self._asked or left > 0:
            loop.call_later(max(left, 1.0), self._rest, loop)
        elif self._pool is not None:
            loop.run_in_executor(None, _end, self._pool)
            self._pool = None

    def _keep(self, key: Hashable, found: bytes) -> None:
        if key in self._kept or len(found) > KEPT_BYTES:
            return
        self._kept[key] = found
        self._kept_bytes += len(found)
        while self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()

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

from service.analysis.pool_worker import NoAnswerError, Question, answer, begin
from service.core.exceptions import ConflictError, TooLargeError, UnavailableError
from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings

PATIENCE = 2
"""How many times the longest computation whoever asks waits for an answer, those before it included."""
SOON = {"Retry-After": "1"}
KEPT_BYTES = 32 * 1024 * 1024
IDLE_SECONDS = 300.0
TOO_LONG = "This takes too long: more than {:g} seconds to compute. Ask for less."
TOO_LATE = "This has waited {:g} seconds for its turn. Try again in a second."
TOO_LARGE = "This needs more memory than a worker may have. Ask for less: a lower resolution, fewer rows."
DIED = "The process that computed this died, perhaps of too little memory; the service's log says more."


class AnalysisPool:
    """Answers questions of one event loop, the same question once however many ask it, and keeps the latest answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ProcessPool | None = None
        self._asked: dict[Hashable, Future[bytes]] = {}
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._used = 0.0

    async def answer(self, question: Question, *arguments: Hashable) -> bytes:
        """The answer as JSON, kept for whoever asks the same.

        Raises ConflictError where there is none, TooLargeError, UnavailableError.
        """
        key = (question, arguments)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = await self._found(self._asked.get(key) or self._schedule(key, question, arguments))
        self._keep(key, found)
        return found

    async def answer_once(self, question: Question, *arguments: Any) -> bytes:
        """The same, for what is asked with data of its own: not kept."""
        return await self._found(self._schedule(object(), question, arguments))

    def close(self) -> None:
        """Ends the processes."""
        if self._pool is not None:
            _end(self._pool)
            self._pool = None

    async def _found(self, future: Future[bytes]) -> bytes:
        longest = self._settings.max_inquiry_seconds
        patience = asyncio.timeout(PATIENCE * longest)
        try:
            async with patience:
                # Whoever leaves does not take the answer from others.
                return await asyncio.shield(asyncio.wrap_future(future))
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

    def _schedule(self, key: Hashable, question: Question, arguments: tuple[Any, ...]) -> Future[bytes]:
        if len(self._asked) >= self._settings.max_inquiries:
            raise UnavailableError("There is too much to compute at once. Try again in a second.", headers=SOON)
        loop = asyncio.get_running_loop()
        future: Future[bytes] = self._ready(loop).schedule(
            answer, (question, arguments), timeout=self._settings.max_inquiry_seconds
        )
        self._asked[key] = future
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._asked.pop, key, None))
        return future

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

"""Process pool of the analyses: starts with the first question, ends after IDLE_SECONDS without one."""

import asyncio
import logging
import multiprocessing
import os
import time
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired, ProcessPool

from service.analysis.fair_queue import FairQueue
from service.analysis.pool_worker import Asked, NoAnswerError, Question, answer, initialize
from service.core.concurrency_limit import SOON, ConcurrencyLimit, Slot
from service.core.exceptions import ConflictError, TooLargeError, UnavailableError
from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings

log = logging.getLogger("descent.analysis")

WAIT_FACTOR = 2
"""The maximum time of an answer, waiting included, as a multiple of the maximum computing time."""
CACHE_BYTES = 32 * 1024 * 1024
IDLE_SECONDS = 300.0
TOO_LONG = "The computation takes more than {:g} seconds. Ask for less: a lower resolution, fewer rows."
TOO_LATE = "The request waited {:g} seconds for its turn. Try again in a second."
TOO_LARGE = "The computation needs more memory than a worker may use. Ask for less: a lower resolution, fewer rows."
FAILED = "The numbers of this run have no such answer; the log of the service has the details."
DIED = "The process died during the computation, possibly for lack of memory; see the log of the service."


class AnalysisPool:
    """Answers questions of one event loop: computes equal questions once, and caches the latest answers."""

    def __init__(self, settings: Settings, limit: ConcurrencyLimit) -> None:
        self.limit = limit
        self._settings = settings
        self._queue = FairQueue(settings.inquiry_processes)
        self._pool: ProcessPool | None = None
        self._pending: dict[Hashable, asyncio.Task[bytes]] = {}
        self._cache: OrderedDict[Hashable, bytes] = OrderedDict()
        self._cache_bytes = 0
        self._last_use = 0.0

    async def answer(self, user: str, question: Question[Asked], request: Asked) -> bytes:
        """The cached or computed answer, as JSON or a picture. It takes a slot of the first user who asks.

        The request is hashable: with the question, it is the key of the cache.

        Raises ConflictError if the question has no answer, TooLargeError, TooManyRequestsError, UnavailableError.
        """
        key = (question, request)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        content = await self._result(self._pending.get(key) or self._schedule(key, user, question, request))
        self._add_to_cache(key, content)
        return content

    async def answer_once(self, user: str, question: Question[Asked], request: Asked) -> bytes:
        """The computed answer, without the cache, for a question that contains data. Raises the same errors."""
        return await self._result(self._schedule(object(), user, question, request))

    def close(self) -> None:
        """Cancels pending questions, and ends the processes."""
        for task in self._pending.values():
            task.cancel()
        if self._pool is not None:
            _end(self._pool)
            self._pool = None

    async def _result(self, task: asyncio.Task[bytes]) -> bytes:
        max_seconds = self._settings.max_inquiry_seconds
        timeout = asyncio.timeout(WAIT_FACTOR * max_seconds)
        try:
            async with timeout:
                # A request that ends does not cancel the task, which other requests may await.
                return await asyncio.shield(task)
        except NoAnswerError as error:
            raise ConflictError(str(error)) from None
        except MemoryError:
            raise TooLargeError(TOO_LARGE) from None
        except TimeoutError:
            if timeout.expired():
                raise UnavailableError(TOO_LATE.format(WAIT_FACTOR * max_seconds), headers=SOON) from None
            raise TooLargeError(TOO_LONG.format(max_seconds)) from None
        except (ProcessExpired, BrokenProcessPool):
            raise UnavailableError(DIED, headers=SOON) from None
        except (ArithmeticError, ValueError):  # such as a matrix without an inverse
            log.exception("analysis.failed")
            raise ConflictError(FAILED) from None

    def _schedule(self, key: Hashable, user: str, question: Question[Asked], request: Asked) -> asyncio.Task[bytes]:
        slot = self.limit.take(user)
        task = asyncio.create_task(self._compute(slot, question, request))
        self._pending[key] = task

        def end(_: object) -> None:
            self._pending.pop(key, None)
            self.limit.leave(slot)
            if not task.cancelled():
                task.exception()  # marks the exception as retrieved, so that asyncio does not log it

        task.add_done_callback(end)
        return task

    async def _compute(self, slot: Slot, question: Question[Asked], request: Asked) -> bytes:
        async with self._queue.turn(slot.user):
            pool = self._running_pool(asyncio.get_running_loop())
            timeout = self._settings.max_inquiry_seconds
            future: Future[bytes] = pool.schedule(answer, (question, request), timeout=timeout)
            return await asyncio.wrap_future(future)

    def _running_pool(self, loop: asyncio.AbstractEventLoop) -> ProcessPool:
        self._last_use = time.monotonic()
        if self._pool is None or not self._pool.active:  # inactive if its processes could not start
            os.environ.update(ONE_THREAD | os.environ)  # the spawned processes inherit it
            self._pool = ProcessPool(
                self._settings.inquiry_processes,
                initializer=initialize,
                initargs=(self._settings.model_dump_json(),),
                context=multiprocessing.get_context("spawn"),
            )
            loop.call_later(IDLE_SECONDS, self._end_if_idle, loop)
        return self._pool

    def _end_if_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends idle processes, because each needs as much memory as a worker."""
        remaining = self._last_use + IDLE_SECONDS - time.monotonic()
        if self._pending or remaining > 0:
            loop.call_later(max(remaining, 1.0), self._end_if_idle, loop)
        elif self._pool is not None:
            loop.run_in_executor(None, _end, self._pool)
            self._pool = None

    def _add_to_cache(self, key: Hashable, content: bytes) -> None:
        if key in self._cache or len(content) > CACHE_BYTES:
            return
        self._cache[key] = content
        self._cache_bytes += len(content)
        while self._cache_bytes > CACHE_BYTES:
            self._cache_bytes -= len(self._cache.popitem(last=False)[1])


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()

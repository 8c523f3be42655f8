"""Analysis pool: answers questions by processes, and caches the latest answers."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired

from service.analysis.pool_worker import Asked, NoAnswerError, Question, answer, begin
from service.analysis.single_flight import SingleFlight
from service.core.concurrency_limit import SOON, ConcurrencyLimit, Slot
from service.core.exceptions import ConflictError, TooLargeError, UnavailableError
from service.core.process_pool import TOO_LATE, WAIT_FACTOR, Processes
from service.core.settings import Settings

log = logging.getLogger("descent.analysis")

CACHE_BYTES = 32 * 1024 * 1024
TOO_LONG = "The computation takes more than {:g} seconds. Ask for less: a lower resolution, fewer rows."
TOO_LARGE = "The computation needs more memory than a worker may use. Ask for less: a lower resolution, fewer rows."
FAILED = "The numbers of this run have no such answer; the log of the service has the details."
DIED = "The process died during the computation, possibly for lack of memory; see the log of the service."


class AnalysisPool:
    """Answers questions of one event loop. A question for which no client waits any more is not computed further."""

    def __init__(self, settings: Settings, limit: ConcurrencyLimit) -> None:
        self.limit = limit
        self._settings = settings
        self._processes = Processes(settings.inquiry_processes, settings, begin)
        self._flights = SingleFlight[bytes]()
        self._cache: OrderedDict[Hashable, bytes] = OrderedDict()
        self._cache_bytes = 0

    async def answer(self, user: str, question: Question[Asked], request: Asked) -> bytes:
        """The cached or computed answer, as JSON or a picture. It takes a slot of the first user who asks.

        The request is hashable: with the question, it is the key of the cache.

        Raises ConflictError if the question has no answer, TooLargeError, TooManyRequestsError, UnavailableError.
        """
        key = (question, request)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        content = await self._result(key, user, question, request)
        self._add_to_cache(key, content)
        return content

    async def answer_once(self, user: str, question: Question[Asked], request: Asked) -> bytes:
        """The computed answer, without the cache, for a question that contains data. Raises the same errors."""
        return await self._result(object(), user, question, request)

    def close(self) -> None:
        """Cancels pending questions, and ends the processes."""
        self._flights.cancel()
        self._processes.close()

    async def _result(self, key: Hashable, user: str, question: Question[Asked], request: Asked) -> bytes:
        max_seconds = self._settings.max_inquiry_seconds
        timeout = asyncio.timeout(WAIT_FACTOR * max_seconds)
        try:
            async with timeout:
                return await self._flights.result(key, lambda: self._start(user, question, request))
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

    def _start(self, user: str, question: Question[Asked], request: Asked) -> asyncio.Task[bytes]:
        slot = self.limit.take(user)
        task = asyncio.create_task(self._compute(slot, question, request))
        task.add_done_callback(lambda _: self.limit.leave(slot))
        return task

    async def _compute(self, slot: Slot, question: Question[Asked], request: Asked) -> bytes:
        seconds = self._settings.max_inquiry_seconds
        found: bytes = await self._processes.run(slot.user, answer, question, request, seconds=seconds)
        return found

    def _add_to_cache(self, key: Hashable, content: bytes) -> None:
        if key in self._cache or len(content) > CACHE_BYTES:
            return
        self._cache[key] = content
        self._cache_bytes += len(content)
        while self._cache_bytes > CACHE_BYTES:
            self._cache_bytes -= len(self._cache.popitem(last=False)[1])

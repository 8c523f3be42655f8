"""Fair queue: rotation between users, and the last place for another user."""

import asyncio

from service.core.fair_queue import FairQueue
from tests.waiting import result_of


class Work:
    """Tasks that take a turn and end on command."""

    def __init__(self, most: int) -> None:
        self.queue = FairQueue(most)
        self.started: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, names: str) -> None:
        """Begins a task for each name; its first letter is the user."""
        for name in names.split():
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._take(name))
        await asyncio.sleep(0)

    async def end(self, name: str) -> None:
        """Ends a task."""
        self.ends[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def _take(self, name: str) -> None:
        async with self.queue.turn(name[0]):
            self.started.append(name)
            await self.ends[name].wait()


def test_one_user_leaves_the_last_place_to_another() -> None:
    async def check() -> None:
        work = Work(3)
        await work.begin("a1 a2 a3 a4")
        assert work.started == ["a1", "a2"]
        await work.begin("b1 b2")
        assert work.started == ["a1", "a2", "b1"]
        await work.end("b1")
        assert work.started[3:] == ["b2"]
        for name in ("a1", "a2", "b2", "a3", "a4"):
            await work.end(name)
        assert len(work.started) == 6

    result_of(check())


def test_users_take_turns() -> None:
    async def check() -> None:
        work = Work(1)
        await work.begin("a1 a2 a3 b1 b2 c1")
        for _ in range(6):
            await work.end(work.started[-1])
        assert work.started == ["a1", "a2", "b1", "c1", "a3", "b2"]

    result_of(check())


def test_a_cancelled_task_leaves_the_queue() -> None:
    async def check() -> None:
        work = Work(1)
        await work.begin("a1 a2 b1")
        work.tasks["a2"].cancel()
        await asyncio.sleep(0)
        await work.end("a1")
        assert work.started == ["a1", "b1"]
        work.tasks["b1"].cancel()
        await asyncio.sleep(0)
        await work.begin("a3")
        assert work.started == ["a1", "b1", "a3"]
        await work.end("a3")

    result_of(check())


def test_a_task_that_is_being_cancelled_gives_its_turn_to_the_next() -> None:
    async def check() -> None:
        work = Work(1)
        await work.begin("a1 b1 c1")
        work.ends["a1"].set()  # a1 runs before b1, whose turn is cancelled already
        work.tasks["b1"].cancel()
        await asyncio.gather(*(work.tasks[name] for name in ("a1", "b1")), return_exceptions=True)
        await work.end("c1")
        assert work.started == ["a1", "c1"]
        await work.begin("d1")
        assert work.started[2:] == ["d1"]
        await work.end("d1")

    result_of(check())

"""How many threads BLAS uses: one, as in a worker of the service, or the faster choice."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from benchmarks.harness import seconds

Given = TypeVar("Given")

TRIALS = 4


def on_one_thread(call: Callable[[], Given]) -> Given:
    """What `call` gives. Where threadpoolctl is not installed, BLAS uses the threads that it uses by default."""
    if not find_spec("threadpoolctl"):
        return call()
    with _controller().limit(limits=1, user_api="blas"):
        return call()


def fastest(ways: list[Callable[[], object]]) -> int:
    """The fastest of several equivalent calls on this machine."""
    return min(range(len(ways)), key=lambda way: min(seconds(ways[way]) for _ in range(TRIALS)))


@cache
def _controller() -> Any:
    import_module("numpy")  # it must be there to be found
    return import_module("threadpoolctl").ThreadpoolController()

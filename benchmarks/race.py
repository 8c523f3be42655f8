"""A task run by Descent and by its rivals, in turn and in one process; how many steps a second each does.

The rivals may use all cores, and do where that is sooner done: JAX as it likes, PyTorch and autograd's loop after a
trial. Descent uses one core, as in a worker of the service: OpenBLAS's second thread takes an eighth off a million rows
on an idle machine, and makes them take two to five times as long on a busy one.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from benchmarks import bars
from benchmarks.harness import Measure, Result, compared, interleaved, not_here, seconds
from benchmarks.task import Recorded, Task, assert_same, ours
from benchmarks.threads import on_one_thread

SHORTEST_SECONDS = 0.02


class Rival(NamedTuple):
    """What it is called, the package that it needs, and its module; `first` asks for what its first call takes."""

    name: str
    package: str
    module: str
    first: bool = False


AUTOGRAD = Rival(bars.AUTOGRAD, "autograd", "autograd_loop")
PYTORCH = Rival(bars.PYTORCH, "torch", "pytorch")
JAX = Rival(bars.JAX, "jax", "jax_scan")
JAX_FIRST = Rival(bars.JAX_FIRST, "jax", "jax_scan", first=True)


def race(task: Task, rounds: int, rivals: Sequence[Rival], *, shorter: Task | None = None) -> Iterator[Result]:
    """A row for each rival; all of them must find the same numbers.

    Where all the steps would take the rivals too long, they run `shorter`, which is the same with fewer.
    """
    common = shorter or task
    here = [rival for rival in rivals if find_spec(rival.package)]
    runs = [_runs(rival, common) for rival in here]
    blocks = on_one_thread(lambda: ours(common))
    for run in runs:
        assert_same(common, blocks, run()())
    speeds = interleaved(
        rounds,
        lambda: on_one_thread(lambda: _speed(task, lambda: ours(task))),
        *[lambda run=run: _speed(common, run()) for run in runs],
    )
    measured = [Measure(each, "steps/s") for each in speeds]
    for rival in rivals:
        if rival in here:
            name = f"{rival.name}, {common.steps} steps" if shorter else rival.name
            yield compared(task.what, measured[0], measured[1 + here.index(rival)], name)
        else:
            yield not_here(f"{task.what}, beside {rival.name}", f"{rival.package} is not installed")


def _runs(rival: Rival, task: Task) -> Callable[[], Callable[[], Recorded]]:
    """Gives the call to time: always the same one, or where its first call is asked for, a new one each time."""
    prepare = import_module(f"benchmarks.rivals.{rival.module}").prepare
    if rival.first:
        return lambda: prepare(task)
    run: Callable[[], Recorded] = prepare(task)
    return lambda: run


def _speed(task: Task, call: Callable[[], object]) -> float:
    """Steps a second, of one call or of as many as take a while: what is over sooner than that, a clock tells badly."""
    calls, spent = 0, 0.0
    while spent < SHORTEST_SECONDS:
        spent += seconds(call)
        calls += 1
    return calls * task.steps / spent

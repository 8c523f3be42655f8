"""Linear regression: every step's θ, E and both errors, beside autograd's, PyTorch's and JAX's loops."""

from collections.abc import Iterator

from benchmarks import task
from benchmarks.harness import Measure, Result, compared, interleaved, seconds
from benchmarks.race import AUTOGRAD, JAX, JAX_FIRST, PYTORCH, race
from benchmarks.threads import on_one_thread

STEPS, FEW_STEPS = 1_000, 20


def run() -> Iterator[Result]:
    """Trains on 75 % of the rows. Descent's time runs from the arrays in memory to the last block."""
    yield from race(task.linear(1_000, 4, STEPS), 25, (AUTOGRAD, PYTORCH, JAX, JAX_FIRST))
    yield from race(task.linear(100_000, 10, STEPS), 5, (AUTOGRAD, PYTORCH, JAX, JAX_FIRST))
    large = task.linear(1_000_000, 20, STEPS)
    yield _beside_a_sum(large)
    yield from race(large, 3, (AUTOGRAD, PYTORCH, JAX), shorter=large._replace(steps=FEW_STEPS))


def _beside_a_sum(large: task.Task) -> Result:
    """The time in units of one pass over the data."""
    ours, sums = interleaved(
        15,
        lambda: on_one_thread(lambda: 1000 * seconds(lambda: task.ours(large))),
        lambda: 1000 * seconds(large.x.sum),
    )
    return compared(large.what, Measure(ours, "ms"), Measure(sums, "ms"), "one X.sum()")

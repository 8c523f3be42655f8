"""Where E is not quadratic: every step's θ, E and criteria, beside autograd's, PyTorch's and JAX's loops."""

from collections.abc import Iterator

from benchmarks import task
from benchmarks.harness import Result
from benchmarks.race import AUTOGRAD, JAX, JAX_FIRST, PYTORCH, race

STEPS = 1_000


def run() -> Iterator[Result]:
    """Few rows, where the calls cost more than the numbers; then many, where the numbers do."""
    for small in (task.logistic(1_000, 4, STEPS), task.perceptron(STEPS), task.misra1a(STEPS)):
        yield from race(small, 7, (AUTOGRAD, PYTORCH, JAX, JAX_FIRST))
    large = task.logistic(100_000, 10, 500)
    yield from race(large, 7, (AUTOGRAD, PYTORCH, JAX, JAX_FIRST))

"""A million recorded steps of plain gradient descent on NIST's Longley data, standardised: its time and its memory."""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.harness import Measure, Result, absolute, not_here, seconds
from benchmarks.processes import HAS_PROC, memory, reset_peak
from benchmarks.threads import on_one_thread
from gd_engine import (
    MODELS,
    OPTIMIZERS,
    Block,
    DescentConfig,
    Problem,
    auto_learning_rate,
    descend,
    pose,
    split_by_fraction,
    start,
)
from service.core.process_limits import ONE_THREAD
from service.datasets import samples

ROUNDS, STEPS = 7, 1_000_000


def run() -> Iterator[Result]:
    """Uses the rate 1/λmax; the coefficients must agree with NIST's certified ones to ten digits."""
    what = f"Longley, {STEPS:,} steps"
    problem, blocks = _descended(STEPS)
    _check(problem, list(blocks))
    times = [on_one_thread(lambda: seconds(lambda: list(_descended(STEPS)[1]))) for _ in range(ROUNDS)]
    yield absolute(f"{what}, all kept", Measure(times, "s"))
    what += ": memory, block by block"
    if HAS_PROC:
        yield absolute(what, Measure([_growth() for _ in range(3)], "MB"))
    else:
        yield not_here(what, "only measured on Linux")


def _descended(steps: int) -> tuple[Problem, Iterator[Block]]:
    [table] = samples.load("longley").blocks()
    x, y = table[:, :-1], table[:, -1]
    model = MODELS["linear"]([f"x{i}" for i in range(1, 7)])
    problem = pose(model, x, y, split_by_fraction(len(y), 0.0), standardize=True)
    theta0, optimizer = np.zeros(7), OPTIMIZERS["gd"]()
    config = DescentConfig(optimizer, auto_learning_rate(problem.energy, theta0), steps)
    return problem, descend(problem, config, start(theta0, optimizer))


def _check(problem: Problem, blocks: list[Block]) -> None:
    certified = samples.SAMPLES["longley"].certified
    assert certified is not None
    found = dict(zip(problem.model.parameters, problem.coefficients(blocks[-1].theta[-1]), strict=True))
    for name, value in certified["coefficients"].items():
        assert abs(found[name] / value - 1) < 5e-11, f"{name}: {found[name]}, certified {value}"
    assert sum(len(block.theta) for block in blocks) == STEPS + 1


def _growth() -> float:
    """The memory growth of a separate process above its level after a short descent."""
    command = [sys.executable, "-m", "benchmarks.longley"]
    return float(subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    """The entry point of that process: prints the growth of its peak memory in MB."""
    for _ in _descended(STEPS // 100)[1]:
        pass
    pid = os.getpid()
    before = memory(pid, "VmRSS")
    reset_peak(pid)
    rows = sum(len(block.theta) for block in _descended(STEPS)[1])
    assert rows == STEPS + 1
    print(memory(pid, "VmHWM") - before)


if __name__ == "__main__":
    main()

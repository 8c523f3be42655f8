"""The estimated cost of a step (`gd_engine/descent/cost.py`) beside its computing time."""

import time
from collections.abc import Iterator
from functools import partial

from benchmarks import task
from benchmarks.harness import Measure, Result, absolute
from benchmarks.threads import on_one_thread
from gd_engine import OPTIMIZERS, DescentConfig, cost_of, descend, pose, start

ROUNDS = 7
STEPS = 1_000


def run() -> Iterator[Result]:
    """The factor by which an estimate is too high or too low: few rows cost calls, many rows cost numbers."""
    small = (task.logistic(100, 4, STEPS), task.logistic(1_000, 4, STEPS), task.perceptron(STEPS), task.misra1a(STEPS))
    for each in (*small, task.logistic(100_000, 10, 50)):
        factors = on_one_thread(partial(_factors, each))
        yield absolute(f"error of the estimated cost, {each.what}", Measure(factors, "×"))


def _factors(given: task.Task) -> list[float]:
    return [_factor(given) for _ in range(ROUNDS)]


def _factor(given: task.Task) -> float:
    problem = pose(given.model, given.x, given.y, given.split, loss="log_loss" if given.classifies else "mse")
    optimizer = OPTIMIZERS["gd"]()
    config = DescentConfig(optimizer, given.rate, given.steps)
    begun = time.process_time()
    for _ in descend(problem, config, start(given.theta0, optimizer)):
        pass
    ratio = (time.process_time() - begun) / (cost_of(problem).step(config) * (given.steps + 1))
    return max(ratio, 1.0 / ratio)

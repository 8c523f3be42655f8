"""The optimisers' rules beside PyTorch's, which the tests know only from a file: do both still do the same?"""

from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np

from benchmarks.harness import Measure, Result, absolute, not_here
from gd_engine import OPTIMIZERS
from tests.gd_engine.helpers import descended
from tests.gd_engine.optim.pytorch import make
from tests.gd_engine.optim.pytorch.problems import OPTIMIZERS as NAMED
from tests.gd_engine.optim.pytorch.problems import STEPS, cases, our_rate, problems


def run() -> Iterator[Result]:
    """At each step of each trajectory, the difference of θ relative to its largest component; the worst of all."""
    what = f"how far {len(cases())} paths of {STEPS} steps are from PyTorch's"
    if not find_spec("torch"):
        yield not_here(what, "PyTorch is not installed")
        return
    theirs, posed = make.make(), problems()
    worst = 0.0
    for name, optimizer, schedule in cases():
        kind, options = NAMED[optimizer]
        task = posed[name]
        columns, _ = descended(
            task.problem, OPTIMIZERS[kind](**options), our_rate(task, optimizer, schedule), STEPS, task.theta0
        )
        path = theirs[make.key((name, optimizer, schedule))]
        off = np.abs(columns["theta"] - path).max(axis=1) / np.abs(path).max(axis=1)
        worst = max(worst, float(off.max()))
    yield absolute(what, Measure([worst], "relative"))

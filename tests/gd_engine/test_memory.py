"""The memory of a descent does not grow with its steps; the memory of posing a problem does not grow with its rows."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from gd_engine import MODELS, OPTIMIZERS, DescentConfig, descend, pose, split_by_fraction, start
from gd_engine.descent.affine_steps import AFFINE_BLOCK

BLOCK_BYTES = AFFINE_BLOCK * (3 + 5) * 8
"""Bytes of an affine block: three parameters, train_loss, both errors, gradient_norm, learning_rate, optimality_gap."""


def test_a_million_steps_use_the_memory_of_a_few_blocks() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((100, 2))
    problem = pose(MODELS["linear"](["a", "b"]), x, x @ np.array([1.0, 2.0]), split_by_fraction(100, 0.2))
    gd = OPTIMIZERS["gd"]()
    config = DescentConfig(gd, 1e-5, 1_000_000)
    rows = 0
    tracemalloc.start()
    try:
        for block in descend(problem, config, start(np.zeros(3), gd)):
            rows += len(block.theta)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 1_000_001
    assert most < 12 * BLOCK_BYTES + 2**18, f"{most:,} bytes at most"


STREAM = """
import resource, sys
import numpy as np
from gd_engine import MODELS, OPTIMIZERS, DescentConfig, Split, descend, pose_blocks, start

LIMIT, WIDTH, HEIGHT = int(sys.argv[1]), 50, 4096
BLOCKS = 4 * LIMIT // (8 * WIDTH * HEIGHT) + 1
true = np.linspace(-1.0, 1.0, WIDTH)

def blocks():
    random = np.random.default_rng(0)
    # Fresh random numbers would take longer than the fit, so each block scales the rows of one base block.
    base = random.standard_normal((HEIGHT, WIDTH))
    for number in range(BLOCKS):
        x = base * (1.0 + 0.5 * np.sin(np.arange(HEIGHT) + number))[:, None]
        x += number / BLOCKS
        yield x, x @ true + 3.0

resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
rows = BLOCKS * HEIGHT
assert rows * WIDTH * 8 >= 4 * LIMIT
empty = np.arange(0)
try:
    problem = pose_blocks(
        MODELS["linear"]([f"x{i}" for i in range(WIDTH)]), blocks(), Split(np.arange(rows), empty, empty),
        standardize=True, reduce=sys.argv[2] == "reduce",
    )
except MemoryError:
    print("MemoryError")
    raise SystemExit
momentum = OPTIMIZERS["momentum"]()
for block in descend(problem, DescentConfig(momentum, 0.004, 3000), start(np.zeros(WIDTH + 1), momentum)):
    pass
found = problem.coefficients(block.theta[-1])
assert block.outcome.reason == "max_steps", block.outcome
assert problem.train.size == rows
print(float(np.abs(found[1:] - true).max()), float(abs(found[0] - 3.0)))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is Linux's")
def test_streamed_data_four_times_larger_than_memory_is_fitted() -> None:
    limit = 300 * 2**20
    results = {}
    for way in ("reduce", "keep"):
        done = subprocess.run(
            [sys.executable, "-c", STREAM, str(limit), way],
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        results[way] = done.stdout.split()
    assert results["keep"] == ["MemoryError"]
    slope, intercept = map(float, results["reduce"])
    assert slope < 1e-6
    assert intercept < 1e-5

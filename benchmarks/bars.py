"""The bars: the bound on each row's median, by row and baseline. docs/benchmarks.md lists them."""

from typing import NamedTuple


class Bar(NamedTuple):
    """A bound on a median. `sign` is ≤ or ≥."""

    sign: str
    number: float
    unit: str = "×"

    def is_met(self, median: float) -> bool:
        """True if the median keeps the bound."""
        return median <= self.number if self.sign == "≤" else median >= self.number

    def __str__(self) -> str:
        return f"{self.sign} {short(self.number)} {self.unit}"


def short(number: float) -> str:
    """The number with three digits, without an exponent from 0.0001 to 100."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:#.3g}"


AUTOGRAD, PYTORCH = "autograd's plain loop", "PyTorch's loop"
JAX, JAX_FIRST = "JAX's jit(scan), warm", "JAX's first call, compiling"

BARS: dict[tuple[str, str], Bar] = {
    ("linear, 1,000 × 4, 1,000 steps", AUTOGRAD): Bar("≥", 100),
    ("linear, 1,000 × 4, 1,000 steps", PYTORCH): Bar("≥", 100),
    ("linear, 1,000 × 4, 1,000 steps", JAX): Bar("≥", 3),
    ("linear, 100,000 × 10, 1,000 steps", AUTOGRAD): Bar("≥", 30),
    ("linear, 100,000 × 10, 1,000 steps", PYTORCH): Bar("≥", 30),
    ("linear, 100,000 × 10, 1,000 steps", JAX): Bar("≥", 20),
    ("linear, 1,000,000 × 20, 1,000 steps", "one X.sum()"): Bar("≤", 12),
    ("logistic, 1,000 × 4, 1,000 steps", AUTOGRAD): Bar("≥", 5),
    ("logistic, 1,000 × 4, 1,000 steps", PYTORCH): Bar("≥", 3),
    ("logistic, 1,000 × 4, 1,000 steps", JAX_FIRST): Bar("≥", 1),
    ("perceptron, 1,000 × 4, 1,000 steps", AUTOGRAD): Bar("≥", 5),
    ("perceptron, 1,000 × 4, 1,000 steps", PYTORCH): Bar("≥", 3),
    ("perceptron, 1,000 × 4, 1,000 steps", JAX_FIRST): Bar("≥", 1),
    ("Misra1a, 1,000 × 1, 1,000 steps", AUTOGRAD): Bar("≥", 5),
    ("Misra1a, 1,000 × 1, 1,000 steps", PYTORCH): Bar("≥", 3),
    ("Misra1a, 1,000 × 1, 1,000 steps", JAX_FIRST): Bar("≥", 1),
    ("logistic, 100,000 × 10, 500 steps", PYTORCH): Bar("≥", 1),
    ("logistic, 100,000 × 10, 500 steps", JAX): Bar("≥", 0.5),
    ("Longley, 1,000,000 steps, all kept", ""): Bar("≤", 1, "s"),
    ("Longley, 1,000,000 steps: memory, block by block", ""): Bar("≤", 20, "MB"),
    ("how far 54 paths of 200 steps are from PyTorch's", ""): Bar("≤", 1e-9, "relative"),
    ("trajectory, 100,000 steps × 10, as JSON", "orjson alone"): Bar("≤", 3),
    ("memory that 5 readers of 100,000 steps × 10 cost", ""): Bar("≤", 50, "MB"),
    ("POST /fit, 100 rows × 4", "FastAPI + INSERT"): Bar("≥", 0.5),
    ("predicting 1,000,000 rows × 4 from CSV to CSV, over HTTP", "our reader alone"): Bar("≤", 3),
    ("from a run's created_at to its started_at", ""): Bar("≤", 20, "ms"),
    ("start to /readyz, new database", ""): Bar("≤", 2, "s"),
    ("start to /readyz, existing database", ""): Bar("≤", 2, "s"),
    ("two idle workers and their supervisor", ""): Bar("≤", 1, "% of a core"),
    ("100,000 steps × 3 appended", "a row a step, executemany"): Bar("≥", 3),
    ("100,000 steps × 3 read", "SELECT of the same rows"): Bar("≥", 3),
    ("judging a run as a share of its allowance, linear", ""): Bar("≤", 1),
    ("judging a run as a share of its allowance, linear, batches of 32", ""): Bar("≤", 1),
    ("judging a run as a share of its allowance, logistic", ""): Bar("≤", 1),
    ("judging a run as a share of its allowance, mae", ""): Bar("≤", 1),
    ("judging a run as a share of its allowance, perceptron", ""): Bar("≤", 1),
    ("judging a run as a share of its allowance, perceptron of 64", ""): Bar("≤", 1),
    ("error of the estimated cost, logistic, 100 × 4, 1,000 steps", ""): Bar("≤", 3),
    ("error of the estimated cost, logistic, 1,000 × 4, 1,000 steps", ""): Bar("≤", 3),
    ("error of the estimated cost, perceptron, 1,000 × 4, 1,000 steps", ""): Bar("≤", 3),
    ("error of the estimated cost, Misra1a, 1,000 × 1, 1,000 steps", ""): Bar("≤", 3),
    ("error of the estimated cost, logistic, 100,000 × 10, 50 steps", ""): Bar("≤", 3),
    ("sweep of 100 learning rates × 1,000 steps, 1,000 × 4, until ranked", ""): Bar("≤", 2, "s"),
    ("page of a run of 100,000 steps, until its curves are drawn, from an empty cache", ""): Bar("≤", 500, "ms"),
    ("… chosen from the list", ""): Bar("≤", 500, "ms"),
    ("… the longest task while the cursor moves and the descent is played", ""): Bar("≤", 50, "ms"),
}

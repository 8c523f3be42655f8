"""PyTorch's loop: the operations it has fused versions of, and the results' tensors made beforehand.

θ's pieces are leaves that share θ's memory, so that nothing is sliced within the graph and θ is recorded by one copy.
No usual way of writing it was faster: `backward()` took as long, lists stacked at the end 3 to 15 % longer, slices of θ
25 to 40 %. A trial finds out whether it does better with one core or with all: its threads wait for each other after
every operation, so that with another process on one of two cores a small step took a dozen times as long.
"""

from collections.abc import Callable
from importlib import import_module
from math import prod
from typing import Any

from benchmarks.task import TRIAL_STEPS, Recorded, Task
from benchmarks.threads import fastest

torch: Any = import_module("torch")
functional: Any = import_module("torch.nn.functional")

SCORES: dict[str, Callable[..., Any]] = {
    "linear": lambda x, weights: x @ weights,
    "logistic": lambda x, weights: x @ weights,
    "mlp": lambda x, first, bias, second: torch.tanh(x @ first) @ second + bias,
    "formula": lambda x, b1, b2: b1 * (1.0 - torch.exp(-b2 * x)),
}
ALL_CORES = torch.get_num_threads()


def prepare(task: Task) -> Callable[[], Recorded]:
    """The loop with as many threads as suit it."""
    run, trial = _loop(task), _loop(task._replace(steps=TRIAL_STEPS))
    one = fastest([lambda: _held(1, trial), lambda: _held(ALL_CORES, trial)]) == 0
    return lambda: _held(1 if one else ALL_CORES, run)


def _held(threads: int, run: Callable[[], Recorded]) -> Recorded:
    torch.set_num_threads(threads)
    return run()


def _loop(task: Task) -> Callable[[], Recorded]:
    """A regression's E is its training error: it is computed once."""
    score = SCORES[task.model.kind]
    x, y, test_x, test_y = (torch.from_numpy(array) for array in (*task.train, *task.test))
    is_one, test_is_one = y == 1.0, test_y == 1.0

    def criteria(scores: Any, targets: Any, ones: Any) -> tuple[Any, Any]:
        probability = torch.sigmoid(scores)
        return functional.mse_loss(probability, targets), ((probability >= 0.5) == ones).double().mean()

    def run() -> Recorded:
        theta = torch.from_numpy(task.theta0).clone()
        sizes = [prod(shape) for shape in task.pieces]
        leaves = [
            piece.view(shape).requires_grad_() for piece, shape in zip(theta.split(sizes), task.pieces, strict=True)
        ]
        thetas = torch.empty(task.steps + 1, len(theta), dtype=torch.float64)
        columns = torch.empty(len(task.columns), task.steps + 1, dtype=torch.float64)
        for step in range(task.steps + 1):
            scores = score(x, *leaves)
            if task.classifies:
                loss = functional.binary_cross_entropy_with_logits(scores, y)
            else:
                loss = functional.mse_loss(scores, y)
            gradients = torch.autograd.grad(loss, leaves)
            with torch.no_grad():
                thetas[step] = theta
                test_scores = score(test_x, *leaves)
                if task.classifies:
                    found = [loss, *criteria(scores, y, is_one), *criteria(test_scores, test_y, test_is_one)]
                else:
                    found = [loss, functional.mse_loss(test_scores, test_y)]
                for column, value in zip(columns, found, strict=True):
                    column[step] = value
                torch._foreach_sub_(leaves, gradients, alpha=task.rate)
        return thetas, columns

    return run

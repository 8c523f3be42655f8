"""JAX: the whole descent as one compiled `lax.scan`, in float64, on all cores.

Each `prepare` gives a function of its own, whose first call compiles it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.task import LAYER, Recorded, Task

jax: Any = import_module("jax")
jnp: Any = import_module("jax.numpy")

jax.config.update("jax_enable_x64", True)


def _mlp(theta: Any, x: Any) -> Any:
    inner = jnp.tanh(x @ theta[: LAYER[0] * LAYER[1]].reshape(LAYER))
    return inner @ theta[-LAYER[1] :] + theta[-LAYER[1] - 1]


SCORES: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda theta, x: x @ theta,
    "logistic": lambda theta, x: x @ theta,
    "mlp": _mlp,
    "formula": lambda theta, x: theta[0] * (1.0 - jnp.exp(-theta[1] * x)),
}


def prepare(task: Task) -> Callable[[], Recorded]:
    """The scores of the training rows serve E and the criteria alike, a regression's E being its training error."""
    score = SCORES[task.model.kind]
    arrays = [jnp.asarray(array) for array in (task.theta0, *task.train, *task.test)]

    def energy(theta: Any, x: Any, y: Any) -> tuple[Any, Any]:
        scores = score(theta, x)
        if task.classifies:
            return jnp.mean(jnp.logaddexp(0.0, scores) - y * scores), scores
        return jnp.mean((scores - y) ** 2), scores

    def criteria(scores: Any, y: Any) -> tuple[Any, ...]:
        if not task.classifies:
            return (jnp.mean((scores - y) ** 2),)
        probability = jax.nn.sigmoid(scores)
        return jnp.mean((probability - y) ** 2), jnp.mean((probability >= 0.5) == (y == 1.0), dtype=y.dtype)

    def descended(theta0: Any, x: Any, y: Any, test_x: Any, test_y: Any) -> Any:
        def step(theta: Any, _: None) -> tuple[Any, Any]:
            (value, scores), gradient = jax.value_and_grad(energy, has_aux=True)(theta, x, y)
            of_train = criteria(scores, y) if task.classifies else ()
            return theta - task.rate * gradient, (theta, (value, *of_train, *criteria(score(theta, test_x), test_y)))

        return jax.lax.scan(step, theta0, None, length=task.steps + 1)[1]

    compiled = jax.jit(descended)

    def run() -> Recorded:
        thetas, columns = jax.block_until_ready(compiled(*arrays))
        return thetas, columns

    return run

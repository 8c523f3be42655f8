"""PyTorch's trajectories of the test problems: `python -m tests.gd_engine.optim.pytorch.make` writes them to a file.

PyTorch is no dependency of the tests; only this module imports it, by name.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from tests.gd_engine.optim.pytorch.problems import OPTIMIZERS, SCHEDULED, STEPS, Posed, cases, problems

FILE = Path(__file__).with_name("trajectories.npz")


def trajectory(posed: Posed, name: str, optimizer: str, schedule: str) -> FloatArray:
    """θ at steps 0 to STEPS, shape (STEPS + 1, p)."""
    torch: Any = import_module("torch")
    theta = torch.tensor(posed.theta0, dtype=torch.float64, requires_grad=True)
    energy = _energy(torch, posed, name)
    method = _optimizer(torch, theta, optimizer, posed.rate_for(optimizer))
    scheduler = _scheduler(torch, method, schedule)
    path = [theta.detach().numpy().copy()]
    for _ in range(STEPS):
        method.zero_grad()
        energy(theta).backward()
        method.step()
        if scheduler:
            scheduler.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


def _energy(torch: Any, posed: Posed, name: str) -> Any:
    design = torch.tensor(posed.problem.train.design)  # its first column is of ones
    y = torch.tensor(posed.problem.train.y)
    if name == "mlp":

        def network(theta: Any) -> Any:
            hidden = torch.tanh(design[:, 1:] @ theta[3:9].reshape(2, 3) + theta[0:3])
            return torch.nn.functional.mse_loss(hidden @ theta[10:13] + theta[9], y)

        return network
    if name == "softmax":
        return lambda theta: torch.nn.functional.cross_entropy(design @ theta.reshape(3, 3), y.argmax(dim=0))
    loss = {
        "linear": torch.nn.MSELoss(),
        "logistic": torch.nn.BCEWithLogitsLoss(),
        "linear, huber": torch.nn.HuberLoss(),
        "linear, mae": torch.nn.L1Loss(),
    }[name]
    return lambda theta: loss(design @ theta, y)


def _optimizer(torch: Any, theta: Any, name: str, rate: float) -> Any:
    kind, given = OPTIMIZERS[name]
    options: dict[str, Any] = {"lr": rate}
    if "beta1" in given:
        options["betas"] = (given["beta1"], given["beta2"])
    options |= {
        theirs: given[ours]
        for ours, theirs in {"epsilon": "eps", "weight_decay": "weight_decay", "decay": "alpha"}.items()
        if ours in given
    }
    if kind in {"momentum", "nesterov"}:
        options |= {"momentum": given.get("momentum", 0.9), "nesterov": kind == "nesterov"}
    names = {"adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}
    return getattr(torch.optim, names.get(kind, "SGD"))([theta], **options)


def _scheduler(torch: Any, method: Any, name: str) -> Any:
    if name == "constant":
        return None
    given, schedulers = SCHEDULED[name][1], torch.optim.lr_scheduler
    if name == "step":
        return schedulers.StepLR(method, step_size=given["every"], gamma=given["factor"])
    if name == "exponential":
        return schedulers.ExponentialLR(method, gamma=given["factor"])
    return schedulers.CosineAnnealingLR(method, T_max=STEPS)


def key(case: tuple[str, str, str]) -> str:
    """The key of a case in the file."""
    return "; ".join(case)


def make() -> dict[str, FloatArray]:
    """All trajectories, by name."""
    import_module("torch").set_num_threads(1)
    posed = problems()
    return {key(case): trajectory(posed[case[0]], *case) for case in cases()}


if __name__ == "__main__":
    version = str(import_module("torch").__version__)
    np.savez_compressed(FILE, allow_pickle=False, version=np.array(version), **make())
    print(f"{FILE}: {FILE.stat().st_size:,} bytes, PyTorch {version}")  # noqa: T201

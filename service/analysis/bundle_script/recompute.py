"""Recomputes every step of a run of Descent with numpy alone, and says whether it agrees: python recompute.py

Each step begins at its stored θ, so that rounding does not add up over a long or unstable descent: the script computes
E, its gradient, the errors and the learning rate there, then the next θ.

    run.json        the run with its request, as GET /runs/{id} answers it
    columns.json    the names of the columns of trajectory.npy
    trajectory.npy  a row for each step; the SHA-256 of its numbers is `trajectory_sha256` of the run
    data.npy        the features and then the target, a row for each row of the data; classes as 0, 1, …
    train.npy, validation.npy, test.npy    the numbers of the rows of each part
"""

import hashlib
import json
import sys
from math import cos, pi
from pathlib import Path

import numpy as np
from objective import Evaluated, Objective

TOLERANCE = 1e-8
"""The greatest difference of two numbers that agree, as a share of the larger one."""
ROUNDING = 1e-13
"""The share of the greatest parameter that rounding may leave of a change of θ."""
SUFFICIENT, MOST_HALVINGS = 1e-4, 50
"""The least decrease of a line search, as a share of that along the slope (Armijo, 1966), and its last halving."""
MOST_LINES = 20


def next_t(t: float) -> float:
    """The next number of FISTA's series (Beck & Teboulle, 2009)."""
    return 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))


class Optimizer:
    """The rule of an optimiser, with its memory."""

    def __init__(self, descent: dict, theta: np.ndarray) -> None:
        self.kind, self.options = descent["optimizer"]["kind"], descent["optimizer"]
        self.first, self.second = np.zeros_like(theta), np.zeros_like(theta)
        self.before, self.t = theta, 0.0
        self.divisor: np.ndarray | float = 1.0
        """What the last change divided the gradient by: by a small one, its rounding grows."""

    def point(self, theta: np.ndarray) -> np.ndarray:
        """Where the gradient is taken."""
        return theta + (self.t - 1.0) / next_t(self.t) * (theta - self.before) if self.kind == "fista" else theta

    def change(self, gradient: np.ndarray, rate: float, theta: np.ndarray, step: int) -> np.ndarray:
        """The change of θ. The rules are those of PyTorch, where it has them. Raises KeyError for an unknown kind."""
        if self.kind in ("gd", "ista"):
            return -rate * gradient
        if self.kind in ("momentum", "nesterov"):
            mu = self.options["momentum"]
            self.first = mu * self.first + gradient
            return -rate * (self.first if self.kind == "momentum" else gradient + mu * self.first)
        if self.kind in ("adagrad", "rmsprop"):
            keep = self.options.get("decay", 1.0)  # adagrad forgets nothing
            self.second = keep * self.second + (1.0 if self.kind == "adagrad" else 1.0 - keep) * gradient**2
            self.divisor = np.sqrt(self.second) + self.options["epsilon"]
            return -rate * gradient / self.divisor
        if self.kind in ("adam", "adamw"):
            return -rate * (self.adam(gradient, step) + self.options.get("weight_decay", 0.0) * theta)
        if self.kind == "fista":
            ahead = self.point(theta) - theta
            self.before, self.t = theta, next_t(self.t)
            return ahead - rate * gradient
        raise KeyError(self.kind)

    def adam(self, gradient: np.ndarray, step: int) -> np.ndarray:
        """The mean of the gradients beside the root of the mean of their squares."""
        beta1, beta2 = self.options["beta1"], self.options["beta2"]
        self.first = beta1 * self.first + (1.0 - beta1) * gradient
        self.second = beta2 * self.second + (1.0 - beta2) * gradient**2
        self.divisor = np.sqrt(self.second / (1.0 - beta2 ** (step + 1))) + self.options["epsilon"]
        return self.first / (1.0 - beta1 ** (step + 1)) / self.divisor


def scheduled(descent: dict, rate: float, step: int) -> float:
    """The learning rate of a step, from that of step 0. Raises KeyError for an unknown schedule."""
    schedule = descent["schedule"]
    if schedule["kind"] == "constant":
        return rate
    if schedule["kind"] == "step":
        return rate * schedule["factor"] ** (step // schedule["every"])
    if schedule["kind"] == "exponential":
        return rate * schedule["factor"] ** step
    if schedule["kind"] == "inverse_time":
        return rate / (1.0 + schedule["rate"] * step)
    if schedule["kind"] == "cosine":
        return 0.5 * rate * (1.0 + cos(pi * step / descent["steps"]))
    raise KeyError(schedule["kind"])


def clipped(gradient: np.ndarray, most: float | None) -> np.ndarray:
    """The gradient, scaled to the norm `most` if it is longer."""
    greatest = np.abs(gradient).max()
    if most is None or greatest == 0.0:
        return gradient
    return gradient * min(1.0, most / np.linalg.norm(gradient / greatest) / greatest)


class Descent:
    """The descent of a run, from one stored θ to the next."""

    def __init__(self, run: dict, folder: Path, theta: np.ndarray) -> None:
        self.asked, self.rate = run["request"]["descent"], run["learning_rate"]
        self.objective = Objective(run, folder)
        self.optimizer = Optimizer(self.asked, theta)
        proximal = self.asked["optimizer"]["kind"] in ("ista", "fista")
        self.threshold = run["request"]["objective"]["l1"] * self.objective.penalised if proximal else None
        self.order = (-1, np.empty(0, int))
        """The order of the rows in an epoch of mini-batches."""

    def columns(self, theta: np.ndarray, step: int, stored_rate: float) -> tuple[dict, dict]:
        """The columns of a step by their names, and what rounding may leave of them."""
        found = self.objective.at(theta)
        errors, noise = self.objective.errors(theta)
        if self.asked["schedule"]["kind"] == "backtracking":
            rate = stored_rate if self.is_found_by_halving(theta, found, stored_rate) else np.nan
        else:
            rate = scheduled(self.asked, self.rate, step)
        norm = float(np.linalg.norm(found.gradient))
        noise |= {"train_loss": found.noise, "gradient_norm": float(np.linalg.norm(found.gradient_noise))}
        return {"train_loss": found.energy, "gradient_norm": norm, "learning_rate": rate} | errors, noise

    def is_found_by_halving(self, theta: np.ndarray, found: Evaluated, rate: float) -> bool:
        """Whether the rate is the first one of η, η/2, … that lowers E enough, or the last halving."""
        step = clipped(found.gradient, self.asked["clip_norm"])
        halvings = np.log2(self.rate / rate)

        def lowers(r: float, by: float) -> bool:
            after = self.objective.at(theta - r * step)
            return after.energy + by * (after.noise + found.noise) <= found.energy - SUFFICIENT * r * (
                found.gradient @ step
            )

        if halvings != round(halvings) or any(lowers(self.rate * 0.5**k, 1.0) for k in range(int(halvings))):
            return False
        return halvings == MOST_HALVINGS or lowers(rate, -1.0)

    def after(self, theta: np.ndarray, step: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
        """The next θ, and what the rounding of the gradient may change of it."""
        point = self.optimizer.point(theta)
        found = self.objective.at(point, self.batch(step), l1=self.threshold is None)
        gradient = clipped(found.gradient, self.asked["clip_norm"])
        moved = theta + self.optimizer.change(gradient, rate, theta, step)
        noise = rate * found.gradient_noise / self.optimizer.divisor
        if self.threshold is None:
            return moved, noise
        return np.sign(moved) * np.maximum(np.abs(moved) - rate * self.threshold, 0.0), noise

    def batch(self, step: int) -> np.ndarray | None:
        """The training rows of a step's mini-batch; None for all rows."""
        size = self.asked["batch_size"]
        if size is None:
            return None
        count = len(self.objective.rows["train"])
        epoch, place = divmod(step, -(-count // size))
        if self.order[0] != epoch:
            self.order = (epoch, np.random.default_rng([self.asked["seed"], epoch]).permutation(count))
        return self.order[1][place * size : (place + 1) * size]


def difference(found: np.ndarray, stored: np.ndarray, noise: np.ndarray | float) -> float:
    """The greatest difference as a share of the larger number, without what rounding may leave; NaN equals NaN."""
    found, stored = np.atleast_1d(found).astype(float), np.atleast_1d(stored)
    same = (found == stored) | (np.isnan(found) & np.isnan(stored))
    size = np.maximum(np.abs(found), np.abs(stored))
    share = np.maximum(np.abs(found - stored) - noise, 0.0) / np.where(size > 0, size, 1.0)
    share = np.where(same | (np.asarray(noise) == np.inf), 0.0, np.where(np.isfinite(share), share, np.inf))
    return float(share.max())


def differences(descent: Descent, names: list[str], table: np.ndarray, step: int) -> dict[str, float]:
    """How much each column of a step differs, and the change to the next θ, each as a share of its size."""
    p = len(descent.objective.parameters)
    row = np.array(table[step])
    theta, stored = row[:p], dict(zip(names[p:], row[p:], strict=True))
    rate = stored["learning_rate"]
    found, noise = descent.columns(theta, step, rate)
    # An optimum in closed form is beside the descent, and a function without data has no errors.
    compared = [name for name in stored if name != "optimality_gap"]
    shares = {
        name: difference(np.float64(found.get(name, np.nan)), stored[name], noise.get(name, 0.0)) for name in compared
    }
    if step + 1 < len(table):
        following = np.array(table[step + 1, :p])
        moved, slack = descent.after(theta, step, rate)
        slack = slack + ROUNDING * max(np.abs(theta).max(), np.abs(following).max())
        shares["the change to the next theta"] = difference(moved - theta, following - theta, slack)
    return shares


def is_the_end(run: dict, names: list[str], table: np.ndarray) -> bool:
    """Whether the last row is the step, the θ and the errors that the run ended with."""
    final, last = run["final"], dict(zip(names, table[-1].tolist(), strict=True))
    told = [final[name] for name in ("train_loss", "train_mse", "test_mse")]
    found = [last[name] for name in ("train_loss", "train_mse", "test_mse")]
    is_same = all(b == a or (a is None and not np.isfinite(b)) for a, b in zip(told, found, strict=True))
    return is_same and final["theta"] == table[-1, : len(final["theta"])].tolist() and final["step"] + 1 == len(table)


def recompute(folder: Path) -> int:
    """Compares every step with the stored one. Returns the exit code: 0 if all agree."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    names = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    table = np.load(folder / "trajectory.npy", mmap_mode="r")
    digest, stored = hashlib.sha256(np.ascontiguousarray(table).data).hexdigest(), run["trajectory_sha256"]
    is_right = stored in (None, digest)
    said = "not known" if stored is None else "as stored" if is_right else "NOT as stored"
    print("The digest of the trajectory:", said)  # noqa: T201
    descent = Descent(run, folder, np.array(table[0, : len(run["parameters"])]))
    worst, wrong = 0.0, 0
    if not is_the_end(run, names, table):
        is_right = False
        print("The last step is NOT the end that run.json tells.")  # noqa: T201
    for step in range(len(table)):
        for name, share in differences(descent, names, table, step).items():
            worst = max(worst, share)
            if share > TOLERANCE:
                wrong += 1
                if wrong <= MOST_LINES:
                    print(f"Step {step}: {name} differs by {share:.1g} of its size.")  # noqa: T201
    if wrong == 0:
        print(f"All {len(table):,} steps agree, to {worst:.1g} of the size of their numbers.")  # noqa: T201
    elif wrong > MOST_LINES:
        print(f"{wrong - MOST_LINES:,} more numbers differ.")  # noqa: T201
    return 0 if is_right and wrong == 0 else 1


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(recompute(Path(__file__).parent))

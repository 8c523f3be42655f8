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
from objective import Objective

TOLERANCE = 1e-8
"""The greatest difference of two numbers that agree, as a share of the larger one."""
NOISE = 1e-11
"""The share of the greatest number of a column, or of the data, that rounding may leave where a result is near 0."""
ROUNDING = 1e-14
"""The rounding of a gradient, as a share of the size of the numbers whose difference it is."""
SUFFICIENT = 1e-4
"""The least decrease of a line search, as a share of that along the slope (Armijo, 1966)."""


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
        """The change of θ. The rules are those of PyTorch, where it has them."""
        options = self.options
        if self.kind in ("momentum", "nesterov"):
            mu = options["momentum"]
            self.first = mu * self.first + gradient
            return -rate * (self.first if self.kind == "momentum" else gradient + mu * self.first)
        if self.kind in ("adagrad", "rmsprop"):
            keep, share = (1.0, 1.0) if self.kind == "adagrad" else (options["decay"], 1.0 - options["decay"])
            self.second = keep * self.second + share * gradient**2
            self.divisor = np.sqrt(self.second) + options["epsilon"]
            return -rate * gradient / self.divisor
        if self.kind in ("adam", "adamw"):
            beta1, beta2 = options["beta1"], options["beta2"]
            self.first = beta1 * self.first + (1.0 - beta1) * gradient
            self.second = beta2 * self.second + (1.0 - beta2) * gradient**2
            mean, square = self.first / (1.0 - beta1 ** (step + 1)), self.second / (1.0 - beta2 ** (step + 1))
            decay = options.get("weight_decay", 0.0)
            self.divisor = np.sqrt(square) + options["epsilon"]
            return -rate * (mean / self.divisor + decay * theta)
        if self.kind == "fista":
            ahead = self.point(theta) - theta
            self.before, self.t = theta, next_t(self.t)
            return ahead - rate * gradient
        return -rate * gradient


def scheduled(descent: dict, rate: float, step: int) -> float:
    """The learning rate of a step, from that of step 0."""
    schedule = descent["schedule"]
    if schedule["kind"] == "step":
        return rate * schedule["factor"] ** (step // schedule["every"])
    if schedule["kind"] == "exponential":
        return rate * schedule["factor"] ** step
    if schedule["kind"] == "inverse_time":
        return rate / (1.0 + schedule["rate"] * step)
    if schedule["kind"] == "cosine":
        return 0.5 * rate * (1.0 + cos(pi * step / descent["steps"]))
    return rate


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

    def at(self, theta: np.ndarray, step: int, stored_rate: float) -> dict:
        """The columns of a step by their names."""
        energy, gradient = self.objective.with_gradient(theta)
        norm = float(np.linalg.norm(gradient))
        rate = scheduled(self.asked, self.rate, step)
        if self.asked["schedule"]["kind"] == "backtracking":
            rate = stored_rate if self.is_found_by_halving(theta, energy, gradient, stored_rate) else np.nan
        found = {"train_loss": energy, "gradient_norm": norm, "learning_rate": rate}
        return found | self.objective.errors(theta)

    def is_found_by_halving(self, theta: np.ndarray, energy: float, gradient: np.ndarray, rate: float) -> bool:
        """Whether the rate is the first one of η, η/2, … that lowers E enough, or the fiftieth halving."""
        step = clipped(gradient, self.asked["clip_norm"])
        halvings = np.log2(self.rate / rate)
        slack = NOISE * abs(energy)

        def lowers(r: float, by: float) -> bool:
            return self.objective.with_gradient(theta - r * step)[0] <= energy - SUFFICIENT * r * (gradient @ step) + by

        is_first = halvings == 0 or not lowers(2.0 * rate, -slack)
        return halvings == round(halvings) and (halvings == 50 or lowers(rate, slack)) and is_first

    def after(self, theta: np.ndarray, step: int, rate: float) -> np.ndarray:
        """The next θ."""
        point = self.optimizer.point(theta)
        gradient = self.objective.with_gradient(point, self.batch(step), l1=self.threshold is None)[1]
        gradient = clipped(gradient, self.asked["clip_norm"])
        moved = theta + self.optimizer.change(gradient, rate, theta, step)
        if self.threshold is None:
            return moved
        return np.sign(moved) * np.maximum(np.abs(moved) - rate * self.threshold, 0.0)

    def batch(self, step: int) -> np.ndarray | None:
        """The training rows of a step's mini-batch; None for all rows."""
        size = self.asked["batch_size"]
        if size is None:
            return None
        count = len(self.objective.rows["train"])
        epoch, place = divmod(step, -(-count // size))
        order = np.random.default_rng([self.asked["seed"], epoch]).permutation(count)
        return order[place * size : (place + 1) * size]


def difference(found: np.ndarray, stored: np.ndarray, noise: np.ndarray | float) -> float:
    """The greatest difference as a share of the larger number, without what rounding may leave; NaN equals NaN."""
    found, stored = np.atleast_1d(found).astype(float), np.atleast_1d(stored)
    same = (found == stored) | (np.isnan(found) & np.isnan(stored))
    size = np.maximum(np.abs(found), np.abs(stored))
    share = np.maximum(np.abs(found - stored) - noise, 0.0) / np.where(size > 0, size, 1.0)
    share = np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf))
    return float(share.max())


def recompute(folder: Path) -> int:
    """Compares every step with the stored one. Returns the exit code: 0 if all agree."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    names = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    table = np.load(folder / "trajectory.npy", mmap_mode="r")
    digest = hashlib.sha256(np.ascontiguousarray(table).data).hexdigest()
    print("The digest of the trajectory:", "as stored" if digest == run["trajectory_sha256"] else "NOT as stored")  # noqa: T201
    p, columns = len(run["parameters"]), {name: place for place, name in enumerate(names)}
    descent = Descent(run, folder, np.array(table[0, :p]))
    greatest = np.nan_to_num(np.abs(table), nan=0.0, posinf=0.0).max(axis=0)
    noise = NOISE * np.maximum(greatest, [*np.zeros(p), *(descent.objective.size_of(name) for name in names[p:])])
    size_of_gradient = max(greatest[columns["gradient_norm"]], descent.objective.size_of("gradient_norm"))
    # An optimum in closed form is beside the descent.
    compared = [
        name for name in names[p:] if name != "optimality_gap" and not (run["dataset"] is None and "mse" in name)
    ]
    worst, is_right = 0.0, digest == run["trajectory_sha256"]
    for step in range(len(table)):
        row = np.array(table[step])
        theta, rate = row[:p], row[columns["learning_rate"]]
        found = descent.at(theta, step, rate)
        shares = {name: difference(found[name], row[columns[name]], noise[columns[name]]) for name in compared}
        if step + 1 < len(table):
            following = np.array(table[step + 1, :p])
            moved = descent.after(theta, step, rate)
            slack = NOISE * max(np.abs(theta).max(), np.abs(following).max())
            slack = slack + rate * ROUNDING * size_of_gradient / descent.optimizer.divisor
            shares["the next theta"] = difference(moved, following, slack)
        for name, share in shares.items():
            worst = max(worst, share)
            if share > TOLERANCE:
                is_right = False
                print(f"Step {step}: {name} differs by {share:.1g} of its size.")  # noqa: T201
    if is_right:
        print(f"All {len(table):,} steps agree: no number differs by more than {worst:.1g} of its size.")  # noqa: T201
    return 0 if is_right else 1


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(recompute(Path(__file__).parent))

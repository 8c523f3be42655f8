"""E(θ) of a run, its gradient, and the errors of each part, with numpy alone."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path
from typing import NamedTuple

import numpy as np
from formula import Scored, evaluate

PARTS = ("train", "validation", "test")
METRICS = ("accuracy", "precision", "recall", "f1")
NOISE = 1e-12
"""The share of the numbers whose sum or difference a result is that rounding may leave of it."""


def standardized(columns: np.ndarray, train: np.ndarray, *, centre: bool) -> np.ndarray:
    """The columns with mean 0, if `centre`, and standard deviation 1 on the training rows."""
    moved = columns[train] - columns[train[0]]
    mean = columns[train[0]] + moved.mean(axis=0) if centre else 0.0
    deviation = moved.std(axis=0)
    deviation = np.where(deviation > 1e-15 * np.abs(moved.mean(axis=0) + columns[train[0]]), deviation, 0.0)
    return (columns - mean) / np.where(deviation > 0, deviation, 1.0)


def design_of(request: dict, x: np.ndarray, train: np.ndarray) -> np.ndarray:
    """The design matrix of all rows: a column of ones if there is an intercept, then the features or their powers."""
    model, asked = request["model"], request["standardize"]
    asked = asked if isinstance(asked, dict) else {"features": "columns" if asked else False}
    has_ones = model["kind"] == "mlp" or (model["kind"] != "formula" and model["intercept"])
    if asked["features"] is True:
        x = standardized(x, train, centre=has_ones)
    if model["kind"] == "polynomial":
        features = range(x.shape[1])
        powers = [c for d in range(1, model["degree"] + 1) for c in combinations_with_replacement(features, d)]
        x = np.column_stack([x[:, list(chosen)].prod(axis=1) for chosen in powers])
    if asked["features"]:
        x = standardized(x, train, centre=has_ones)
    return np.column_stack([np.ones(len(x)), x]) if has_ones else x


def linear(theta: np.ndarray, design: np.ndarray) -> Scored:
    """Scores that are a matrix product."""
    sizes = np.abs(design)
    return Scored(design @ theta, lambda slope: design.T @ slope, sizes @ np.abs(theta), lambda slope: sizes.T @ slope)


def softmax_regression(theta: np.ndarray, design: np.ndarray, classes: int) -> Scored:
    """A score for each class; for two classes their difference."""
    weights, sizes = theta.reshape(-1, classes), np.abs(design)
    if classes == 2:
        return Scored(
            design @ (weights[:, 1] - weights[:, 0]),
            lambda slope: np.outer(design.T @ slope, [-1, 1]).ravel(),
            sizes @ np.abs(weights).sum(axis=1),
            lambda slope: np.outer(sizes.T @ slope, [1, 1]).ravel(),
        )
    return Scored(
        design @ weights,
        lambda slope: (design.T @ slope).ravel(),
        sizes @ np.abs(weights),
        lambda slope: (sizes.T @ slope).ravel(),
    )


ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1.0 - a * a),
    "relu": (lambda s: np.maximum(s, 0.0), lambda a: (a > 0.0) + 0.0),
    "sigmoid": (lambda s: 0.5 * (1.0 + np.tanh(0.5 * s)), lambda a: a * (1.0 - a)),
}
"""Activation functions, and their derivatives by their values."""


def perceptron(theta: np.ndarray, design: np.ndarray, model: dict, outputs: int) -> Scored:
    """Layers z ← a(z W + b), the last one without a. θ has b, then W row by row, layer by layer."""
    activate, derivative = ACTIVATIONS[model["activation"]]
    inputs, weights, at = [design], [], 0
    for units in (*model["hidden"], outputs):
        fan_in = inputs[-1].shape[1]
        weights.append(theta[at : at + fan_in * units].reshape(fan_in, units))
        at += fan_in * units
        inputs.append(np.column_stack([np.ones(len(design)), activate(inputs[-1] @ weights[-1])]))
    del inputs[-1]

    def through(slope: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        slope, found = slope.reshape(len(design), outputs), []
        for z, w in zip(reversed(inputs), reversed(weights), strict=True):
            found.append((of(z).T @ slope).ravel())
            if z is not design:
                slope = (slope @ of(w).T)[:, 1:] * derivative(z[:, 1:])
        return np.concatenate(found[::-1])

    score, size = inputs[-1] @ weights[-1], np.abs(inputs[-1]) @ np.abs(weights[-1])
    return Scored(
        score[:, 0] if outputs == 1 else score,
        lambda slope: through(slope, np.asarray),
        size[:, 0] if outputs == 1 else size,
        lambda slope: through(slope, np.abs),
    )


def link(score: np.ndarray, *, classifies: bool) -> np.ndarray:
    """Predictions: the scores, or probabilities of the second class, or of each."""
    if not classifies:
        return score
    if score.ndim == 1:
        return 0.5 * (1.0 + np.tanh(0.5 * score))
    powers = np.exp(score - score.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss_of(
    objective: dict, score: np.ndarray, prediction: np.ndarray, y: np.ndarray, *, classifies: bool
) -> tuple[float, np.ndarray]:
    """The sum of the loss over rows, and its slope by the scores."""
    residual = prediction - y
    if objective["loss"] == "log_loss":
        if score.ndim == 1:
            return np.sum(np.maximum(score, 0.0) - y * score + np.log1p(np.exp(-np.abs(score)))), residual
        greatest = score.max(axis=1)
        of_rows = np.log(np.exp(score - greatest[:, None]).sum(axis=1)) + greatest
        return of_rows.sum() - (y * score).sum(), residual
    if objective["loss"] == "mae":
        total, slope = np.abs(residual).sum(), np.sign(residual)
    elif objective["loss"] == "huber":
        slope = np.clip(residual, -objective["delta"], objective["delta"])
        total = np.sum(slope * (residual - 0.5 * slope))
    else:
        total, slope = np.sum(residual**2), 2.0 * residual
    if not classifies:
        return total, slope
    if score.ndim == 1:
        return total, slope * prediction * (1.0 - prediction)
    return total, prediction * (slope - (slope * prediction).sum(axis=1, keepdims=True))


class Evaluated(NamedTuple):
    """E and its gradient, and what rounding may leave of both where a result is near 0."""

    energy: float
    gradient: np.ndarray
    noise: float
    gradient_noise: np.ndarray


class Objective:
    """E(θ) over the training rows, and the errors of each part."""

    def __init__(self, run: dict, folder: Path) -> None:
        self.request, self.parameters = run["request"], run["parameters"]
        self.objective, self.has_data = run["request"]["objective"], run["function"] is None
        self.classes = len(run["classes"] or ())
        self.outputs = self.classes if self.classes > 2 else 1
        self.penalised = np.array([is_penalised(name, self.request) for name in self.parameters], dtype=float)
        self.rows: dict[str, np.ndarray] = {}
        if not self.has_data:
            self.text = run["function"]["formula"]
            return
        self.rows = {part: np.load(folder / f"{part}.npy") for part in PARTS}
        data = np.load(folder / "data.npy")
        y, self.design = data[:, -1], design_of(self.request, data[:, :-1], self.rows["train"])
        self.names = {name: self.design[:, j] for j, name in enumerate(run["dataset"]["features"])}
        asked, self.target_scale = self.request["standardize"], 1.0
        if isinstance(asked, dict) and asked["target"]:
            first = y[self.rows["train"][0]]  # beside it, a constant target has a deviation of exactly 0
            moved = y[self.rows["train"]] - first
            self.target_scale = float(moved.std()) or 1.0
            y = (y - first - moved.mean()) / self.target_scale
        self.y = np.eye(self.classes)[y.astype(int)] if self.outputs > 1 else y

    def scored(self, theta: np.ndarray, rows: np.ndarray) -> Scored:
        """The scores of these rows."""
        model, design = self.request["model"], self.design[rows]
        if model["kind"] == "formula":
            names = {name: column[rows] for name, column in self.names.items()}
            found = evaluate(theta, names, self.parameters, model["formula"])
            score, size = (np.broadcast_to(each, len(rows)) for each in (found.score, found.size))
            return found._replace(score=score, size=size)
        if model["kind"] == "mlp":
            return perceptron(theta, design, model, self.outputs)
        return softmax_regression(theta, design, self.classes) if model["kind"] == "softmax" else linear(theta, design)

    def at(self, theta: np.ndarray, rows: np.ndarray | None = None, *, l1: bool = True) -> Evaluated:
        """E and its gradient; of a mini-batch, those rows in place of all. Without `l1`, without this penalty."""
        energy, gradient, noise, gradient_noise = self.of_rows(theta, rows) if self.has_data else self.of_text(theta)
        weights = theta * self.penalised
        first, second = self.objective["l1"] * l1, self.objective["l2"]
        energy += first * np.abs(weights).sum() + second * (weights**2).sum()
        gradient = gradient + first * np.sign(weights) + 2.0 * second * weights
        return Evaluated(energy, gradient, noise, gradient_noise + NOISE * (first + 2.0 * second * np.abs(weights)))

    def of_text(self, theta: np.ndarray) -> Evaluated:
        """The same of a function without data."""
        found = evaluate(theta, {}, self.parameters, self.text)
        one = np.ones(1)
        return Evaluated(
            float(found.score), found.pullback(one), float(NOISE * found.size), NOISE * found.slope_size(one)
        )

    def of_rows(self, theta: np.ndarray, rows: np.ndarray | None) -> Evaluated:
        """The loss, without the penalty."""
        train, loss = self.rows["train"], self.objective["loss"]
        chosen = train if rows is None else train[rows]
        found, y = self.scored(theta, chosen), self.y[chosen]
        prediction = link(found.score, classifies=self.classes > 0)
        total, slope = loss_of(self.objective, found.score, prediction, y, classifies=self.classes > 0)
        divisor = len(chosen) * (1 if loss == "log_loss" else self.outputs)
        divisor = len(chosen) / len(train) if loss == "sse" else divisor
        size = np.abs(y) + (1.0 if self.classes else 0.0) + found.size
        by_score = 1.0 if self.classes else {"mae": 0.0, "huber": 1.0}.get(loss, 2.0)
        # The slope of |r| at a residual within rounding of 0 may be any between −1 and 1.
        is_tied = (np.abs(prediction - y) <= NOISE * size) if loss == "mae" else np.zeros(np.shape(y))
        slope_noise = NOISE * np.maximum(by_score * size, np.abs(slope)) + 2.0 * is_tied
        per_row = size**2 if loss in {"mse", "sse"} else size
        return Evaluated(
            float(total / divisor),
            found.pullback(slope) / divisor,
            float(NOISE * per_row.sum() / divisor),
            found.slope_size(slope_noise) / divisor,
        )

    def errors(self, theta: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """The errors and metrics of each part that has rows, by the names of their columns, and their noise."""
        found: dict[str, float] = {}
        noise: dict[str, float] = {}
        for part, rows in self.rows.items():
            if len(rows) == 0:
                continue
            scored, y = self.scored(theta, rows), self.y[rows]
            prediction = link(scored.score, classifies=self.classes > 0)
            size = np.abs(y) + (1.0 if self.classes else scored.size)
            found[f"{part}_mse"] = float(np.mean((prediction - y) ** 2)) * self.target_scale**2
            noise[f"{part}_mse"] = NOISE * float(np.mean(size**2)) * self.target_scale**2
            if self.classes:
                found |= {f"{part}_{name}": value for name, value in self.metrics(prediction, y).items()}
                if self.has_ties(prediction):  # rounding decides the class of such a row
                    noise |= dict.fromkeys((f"{part}_{name}" for name in METRICS), np.inf)
        return found, noise

    def has_ties(self, prediction: np.ndarray) -> bool:
        """Whether two classes of a row are as probable, but for rounding."""
        if self.outputs == 1:
            return bool((np.abs(prediction - 0.5) <= NOISE).any())
        ordered = np.sort(prediction, axis=1)
        return bool((ordered[:, -1] - ordered[:, -2] <= NOISE).any())

    def metrics(self, prediction: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Accuracy, and precision, recall and F1: those of the second of two classes, else their means."""
        guess = prediction.argmax(axis=1) if self.outputs > 1 else (prediction >= 0.5).astype(int)
        actual = y.argmax(axis=1) if self.outputs > 1 else y.astype(int)
        classes = range(self.classes) if self.outputs > 1 else [1]
        hits, guessed, real = (
            np.array([np.sum(each) for each in of_classes], dtype=float)
            for of_classes in (
                [(guess == c) & (actual == c) for c in classes],
                [guess == c for c in classes],
                [actual == c for c in classes],
            )
        )
        scores = {"precision": hits / guessed, "recall": hits / real, "f1": 2 * hits / (guessed + real)}
        return {"accuracy": float(np.mean(guess == actual))} | {name: float(s.mean()) for name, s in scores.items()}


def is_penalised(name: str, request: dict) -> bool:
    """Whether the penalties count the parameter: intercepts and biases they do not."""
    model = request.get("model", {"kind": "function"})
    if model["kind"] == "mlp":
        return name.startswith("w")
    return not (model.get("intercept") and (name == "intercept" or name.startswith("intercept[")))

"""The prediction error: what one really wants to be small (or large), on rows that the descent has not seen.

Every metric follows from a few sums over rows, the *tally*: at each step only the tally is taken, and the metrics of
many steps are worked out together. A metric that does not exist for these rows (precision where nothing is predicted
positive) is NaN, never 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray

METRICS: dict[str, tuple[str, ...]] = {
    "regression": ("mse",),
    "classification": ("mse", "accuracy", "precision", "recall", "f1"),
}
Tally = Callable[[FloatArray, Any], list[Any]]


def tally_of(targets: FloatArray, *, classes: int) -> Tally:
    """The function from (predictions, their sum of squared errors) to the tally of these rows.

    `targets` are the model's, `classes` is 0 for a regression. The tally of a classification is the squared errors,
    the hits of each class, and how often each class was predicted; of two classes only the second is counted. But for
    more than two classes, the predictions may also be those of several steps, shape (k, n), and squared errors (k,).
    """
    if classes == 0:
        return lambda prediction, squares: [squares]
    if targets.ndim == 1:
        positive = targets == 1.0

        def of_two(prediction: FloatArray, squares: Any) -> list[Any]:
            predicted = prediction >= 0.5
            axis = None if predicted.ndim == 1 else 1
            return [squares, np.count_nonzero(predicted & positive, axis), np.count_nonzero(predicted, axis)]

        return of_two
    actual = targets.argmax(axis=0)

    def of_many(prediction: FloatArray, squares: Any) -> list[Any]:
        predicted = prediction.argmax(axis=0)
        hits = np.bincount(actual[predicted == actual], minlength=classes)
        return [squares, *hits.tolist(), *np.bincount(predicted, minlength=classes).tolist()]

    return of_many


def tally_length(classes: int) -> int:
    """How many numbers a tally has."""
    return 1 if classes == 0 else 3 if classes == 2 else 1 + 2 * classes


def measures(tallies: FloatArray, targets: FloatArray, *, classes: int, count: int) -> dict[str, FloatArray]:
    """Each metric at each step, shape (k,), from the tallies, shape (k, `tally_length`), of `count` rows.

    - mse: the mean squared error; of probabilities against 0 and 1, averaged over the classes if there are
      several, it is also called the Brier score.
    - accuracy: the share of rows whose class is right, that with the greatest probability being predicted.
    - precision: of the rows predicted to be of a class, the share that are; recall: of the rows of a class, the share
      predicted so; f1: their harmonic mean, 2 TP / (2 TP + FP + FN). Of two classes these are the second's; of more,
      the mean over the classes.
    """
    if count == 0:
        empty = np.full(len(tallies), np.nan)
        return dict.fromkeys(METRICS["classification" if classes else "regression"], empty)
    outputs = len(targets) if targets.ndim > 1 else 1
    mse = tallies[:, 0] / (count * outputs)
    if classes == 0:
        return {"mse": mse}
    hits, predicted = np.split(tallies[:, 1:], 2, axis=1)
    actual = np.atleast_1d(targets.sum(axis=-1))
    right = hits.sum(axis=1)
    if outputs == 1:  # the rows of the first class that are right: all but the misses and the false alarms
        right = count - actual[0] - predicted[:, 0] + 2 * right
    with np.errstate(invalid="ignore"):
        return {
            "mse": mse,
            "accuracy": right / count,
            "precision": (hits / predicted).mean(axis=1),
            "recall": (hits / actual).mean(axis=1),
            "f1": (2 * hits / (predicted + actual)).mean(axis=1),
        }


def criteria_names(task: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the criteria, such as train_mse and test_mse, metric by metric."""
    return tuple(f"{part}_{name}" for name in METRICS[task] for part in parts)

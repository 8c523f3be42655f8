"""Validation rules for the combination of hyperparameters in a request. No rule reads the data."""

from collections.abc import Sequence

from gd_engine import Shape
from service.core.exceptions import invalid
from service.core.plurals import counted
from service.core.run_request import DescentRequest, StoredRequest, Theta0, is_by_name


def check(request: StoredRequest, shape: Shape, train_rows: int) -> None:
    """Raises InvalidError for the first invalid field."""
    descent = request["descent"]
    _check_theta0(descent["theta0"], shape)
    _check_rate(descent, request["objective"].get("loss"))
    _check_batches(descent["batch_size"], train_rows)
    if descent["stop"]["patience"] is not None and not request["split"]["validation_fraction"]:
        raise invalid(
            "/descent/stop/patience",
            "Patience watches validation rows, and there are none.",
            "Set split.validation_fraction, to 0.2 say: the test rows are for judging the result alone.",
        )


def _check_rate(descent: DescentRequest, loss: str | None) -> None:
    backtracking = descent["schedule"]["kind"] == "backtracking"
    if backtracking and descent["optimizer"]["kind"] != "gd":
        raise invalid(
            "/descent/schedule/kind",
            f"backtracking searches along the gradient, and {descent['optimizer']['kind']} does not go along it.",
            "Choose the optimizer gd, or another schedule.",
        )
    if backtracking and descent["batch_size"] is not None:
        raise invalid(
            "/descent/schedule/kind",
            "backtracking needs the gradient of all rows.",
            "Set batch_size to null, or choose another schedule.",
        )
    if descent["learning_rate"] == "auto" and loss == "mae":
        raise invalid(
            "/descent/learning_rate",
            "auto is 1/λmax of the Hessian of E, and mae has a Hessian of 0.",
            "Give the learning rate as a number, or choose the loss huber.",
        )


def _check_batches(batch_size: int | None, train_rows: int) -> None:
    if batch_size is not None and batch_size > train_rows:
        raise invalid(
            "/descent/batch_size",
            f"A batch of {batch_size} rows is more than the {train_rows} training rows.",
            "Lower it; null takes all rows.",
        )


def _check_theta0(theta0: Theta0, shape: Shape) -> None:
    pointer = "/descent/theta0"
    if isinstance(theta0, list) and len(theta0) != shape.size:
        raise invalid(
            pointer,
            f"θ₀ has {counted(len(theta0), 'number')}, the {_whole(shape)} {counted(shape.size, 'parameter')}.",
            f"Give one each for {_shortened(shape.parameters)}.",
        )
    if is_by_name(theta0) and theta0.keys() != shape.parameter_set:
        wrong = min(theta0.keys() ^ shape.parameter_set)
        problem = "is missing" if wrong in shape.parameters else "is not a parameter"
        raise invalid(pointer, f"{wrong[:200]} {problem}.", f"Give one number each for {_shortened(shape.parameters)}.")


def _whole(shape: Shape) -> str:
    return "function" if shape.kind == "function" else "model"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")

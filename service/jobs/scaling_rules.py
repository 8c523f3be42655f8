"""Defaults and rules of stratified splits and of standardisation, by the model."""

from gd_engine import Shape
from service.core.exceptions import invalid
from service.core.run_request import SplitRequest, StandardizeRequest


def filled_split(split: SplitRequest, shape: Shape) -> SplitRequest:
    """The split with its default for `stratify`. Raises InvalidError for a stratified split without classes."""
    asked = split.get("stratify")
    if asked and shape.task == "regression":
        raise invalid(
            "/split/stratify",
            f"A stratified split is by classes, and {shape.kind} predicts numbers.",
            "Leave it out, or choose a model for classes.",
        )
    default = shape.task == "classification" and split["shuffle"]
    return {**split, "stratify": default if asked is None else asked}


def filled_standardize(asked: bool | StandardizeRequest, shape: Shape) -> bool | StandardizeRequest:
    """The standardisation in its shortest form with one meaning in all versions: a bool, except for polynomials and
    targets. Raises InvalidError for a target that is not standardised.
    """
    features, target = (asked, False) if isinstance(asked, bool) else (asked["features"], asked["target"])
    if target and not (shape.kind in {"mlp", "formula"} and shape.task == "regression"):
        raise invalid(
            "/standardize/target",
            f"Only the target of an mlp for numbers or of a formula is standardised, not that of {shape.kind}.",
            "Set it to false.",
        )
    if shape.kind == "polynomial" and features:
        return {"features": features, "target": False}
    return {"features": bool(features), "target": True} if target else bool(features)

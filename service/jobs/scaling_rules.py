"""Defaults and rules of stratified splits and of standardisation, by the model."""

from gd_engine import Shape
from service.core.exceptions import invalid
from service.core.run_request import SplitRequest, StandardizeRequest


def filled_split(split: SplitRequest, shape: Shape) -> SplitRequest:
    """The split with its default for `stratify`.

    Raises InvalidError for a stratified split without classes, or without rows that are drawn.
    """
    asked = split.get("stratify")
    if asked and shape.task == "regression":
        raise invalid(
            "/split/stratify",
            f"A stratified split is by classes, and {shape.kind} predicts numbers.",
            "Leave it out, or choose a model for classes.",
        )
    if asked and not _draws_rows(split):
        raise invalid(
            "/split/stratify",
            "The test rows are named and no validation rows are drawn, so there is nothing to stratify.",
            "Leave it out, or give test_fraction instead of test_rows, or a validation_fraction.",
        )
    default = shape.task == "classification" and split["shuffle"] and _draws_rows(split)
    return {**split, "stratify": default if asked is None else asked}


def stored_split(split: SplitRequest) -> SplitRequest:
    """The split of a run as a request may have it: earlier versions stored `stratify: true` without rows to draw."""
    return {"stratify": False, **split} if _draws_rows(split) else {**split, "stratify": False}


def _draws_rows(split: SplitRequest) -> bool:
    return "test_rows" not in split or split.get("validation_fraction", 0.0) > 0


def filled_standardize(asked: bool | StandardizeRequest, shape: Shape) -> bool | StandardizeRequest:
    """The standardisation in its shortest form with one meaning in all versions: a bool, except for polynomials and
    targets. Raises InvalidError for features or a target that cannot be standardised.
    """
    features, target = (asked, False) if isinstance(asked, bool) else (asked["features"], asked["target"])
    if features and shape.kind == "formula":
        raise invalid(
            "/standardize" if isinstance(asked, bool) else "/standardize/features",
            "A formula is of the features in their own units.",
            "Set it to false, and write the scale into the formula: exp(-b2*x/1000).",
        )
    if target and not (shape.kind in {"mlp", "formula"} and shape.task == "regression"):
        raise invalid(
            "/standardize/target",
            f"Only the target of an mlp for numbers or of a formula is standardised, not that of {shape.kind}.",
            "Set it to false.",
        )
    if shape.kind == "polynomial" and features:
        return {"features": features, "target": False}
    return {"features": bool(features), "target": True} if target else bool(features)

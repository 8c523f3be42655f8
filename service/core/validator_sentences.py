"""Faults of a parameter or a setting that pydantic finds, in the sentences of the service."""

from collections.abc import Mapping
from typing import Any

_SENTENCES = {
    "int_parsing": "This is not a whole number.",
    "float_parsing": "This is not a number.",
    "bool_parsing": "This is neither true nor false.",
    "finite_number": "The number is not finite.",
    "literal_error": "This must be {expected}.",
    "enum": "This must be {expected}.",
    "greater_than": "This must be greater than {gt}.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be at most {le}.",
}


def sentence_of(error: Mapping[str, Any]) -> str | None:
    """The sentence for an entry of `ValidationError.errors()`; None for a fault that has none here."""
    found = _SENTENCES.get(error["type"])
    return found and found.format(**error.get("ctx", {}))

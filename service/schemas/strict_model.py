"""Parsing of request bodies: strict types, no extra fields, finite numbers, errors with JSON pointers."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, ValidationError
from pydantic_core import PydanticCustomError

from service.core.exceptions import ErrorEntry, InvalidError, MalformedError, field_error, invalid
from service.core.json_pointer import pointer_of
from service.core.plurals import counted
from service.schemas.field_suggestions import UNKNOWN, hint_for, hint_for_shape

MOST_ERRORS = 20
MOST_FIELDS = 50_000
MOST_CHARACTERS = 1000
TAG = "?"
"""Prefix of the tags of unions, which pydantic puts into the location of an error; a JSON pointer leaves them out."""
KEY = "[key]"
"""Last part of the location of an error in a key rather than in its value."""


class Strict(BaseModel):
    """A JSON object with strict types and no extra fields."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True)


Body = TypeVar("Body", bound=BaseModel)


def parse(model: type[Body], body: bytes) -> Body:
    """The body as a model. Raises MalformedError for malformed JSON, InvalidError with an entry for each fault."""
    colons = body.count(b":")
    if colons > MOST_FIELDS:
        _check_field_count(body)
    parsed = validated(model, body)
    # Each field has a colon; only a body with more colons than fields can have a duplicate field.
    if colons != _fields_given(parsed):
        _check_duplicate_fields(body)
    return parsed


def validated(model: type[Body], body: bytes) -> Body:
    """The JSON of an object, which has no duplicate field, as a model. Raises as `parse` does."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
    if found[0]["type"] == "json_invalid":
        message = f"The body is not JSON: {found[0]['ctx']['error']}."
        raise MalformedError(message, [field_error("", message, "Send one JSON object in UTF-8.")])
    raise InvalidError([_detail(entry, model) for entry in found[:MOST_ERRORS]])


def tag_of(key: str, default: str) -> Callable[[Any], str]:
    """The discriminator of a union by the field `key`, with a default."""

    def tag(value: Any) -> str:
        name = value.get(key, default) if isinstance(value, dict) else getattr(value, key, default)
        return f"{TAG}{name}"

    return tag


def one_of(*kinds: str) -> Discriminator:
    """The discriminator of a union by `kind`; the first kind is the default."""
    return Discriminator(
        tag_of("kind", kinds[0]),
        custom_error_type="descent",
        custom_error_message=f"This must be {', '.join(kinds[:-1])} or {kinds[-1]}.",
        custom_error_context={"at": ("kind",)},  # type: ignore[dict-item]
    )


def by_type(kind: Callable[[Any], str | None], error: str) -> Discriminator:
    """The discriminator of a union by the types of its alternatives; `error` names the message for any other type."""
    # A context would make the type unhashable.
    return Discriminator(kind, custom_error_type=error, custom_error_message=error)


def is_number(value: object) -> bool:
    """Whether the JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def wrong(message: str, hint: str, *at: str | int) -> PydanticCustomError:
    """The error of a validator, at a location below its value."""
    # The text is passed as context: pydantic would interpret braces in it.
    return PydanticCustomError("descent", "{message}", {"message": message, "hint": hint, "at": at})


def pointer(place: tuple[int | str, ...]) -> str:
    """The JSON pointer (RFC 6901) of a location in the body."""
    return pointer_of(_without_tags(place))


def _without_tags(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(step for step in place if not str(step).startswith(TAG))


_NESTED = (dict, list, BaseModel)


def _fields_given(value: Any) -> int:
    """The number of fields of a parsed value, at every depth."""
    if isinstance(value, dict):
        return len(value) + sum(_fields_given(part) for part in value.values() if isinstance(part, _NESTED))
    if isinstance(value, list):  # of objects, or of numbers, which are too many to look at
        return sum(map(_fields_given, value)) if value and isinstance(value[0], dict) else 0
    if not isinstance(value, BaseModel):
        return 0
    return sum(1 + _fields_given(getattr(value, name)) for name in value.model_fields_set)


def _check_field_count(body: bytes) -> None:
    """Raises InvalidError for an object with very many fields: each could cost an error."""

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > MOST_FIELDS:
            raise invalid("", f"An object has {len(pairs)} fields; the limit is {MOST_FIELDS}.", "Send fewer fields.")

    # The parser reports other faults.
    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=look, parse_int=float)


def _check_duplicate_fields(body: bytes) -> None:
    """Raises InvalidError for a duplicate field: JSON parsers silently drop one of the two."""
    repeated: list[tuple[dict[str, Any], str]] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
            repeated.append((fields, name))
        return fields

    tree = json.loads(body, object_pairs_hook=collect, parse_int=float)
    if repeated:
        fields, name = repeated[-1]  # the outermost object is collected last
        raise invalid(pointer((*_place(tree, fields), name)), "Duplicate field.", "Remove one of the two.")


def _place(tree: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, ...]:
    for name, value in tree.items():
        if value is wanted:
            return (name,)
        if isinstance(value, dict) and (below := _place(value, wanted)):
            return (name, *below)
    return ()


def _detail(entry: Any, model: type[BaseModel]) -> ErrorEntry:
    context = entry.get("ctx", {})
    place = (*entry["loc"], *context.get("at", ()))
    if place[-1:] == (KEY,):
        place = place[:-1]
    if any(len(str(step)) > MOST_CHARACTERS for step in place):
        place = ()  # keys come from the client: the response must not be as long as the body
    if "actual_length" in context:
        context = context | {"entries": counted(context["actual_length"], "entry", "entries")}
    if entry["type"] not in _MESSAGES:
        return field_error(pointer(place), entry["msg"], context.get("hint"))
    message, hint = _MESSAGES[entry["type"]]
    if entry["type"] == "extra_forbidden" and place:
        hint = hint_for(model, _without_tags(place))
    hint = hint_for_shape(place, entry["input"]) or hint
    return field_error(pointer(place), message.format(**context), hint)


_MESSAGES: dict[str, tuple[str, str | None]] = {
    "extra_forbidden": ("Unknown field.", UNKNOWN),
    "missing": ("Missing field.", "Add it."),
    "finite_number": ("The number is not finite.", "Give a finite number, not NaN, Infinity or 1e999."),
    "float_type": ("This is not a number.", "Write a JSON number, without quotes; no null, true or false."),
    "int_type": ("This is not a whole number.", "Write a whole JSON number, without quotes."),
    "int_from_float": ("This is not a whole number.", "Write a whole JSON number."),
    "bool_type": ("This is neither true nor false.", "Write true or false, without quotes."),
    "string_pattern_mismatch": (
        "The text does not match {pattern}.",
        "Remove the colons.",
    ),
    "string_type": ("This is not a string.", "Write it in double quotes."),
    "list_type": ("This is not a list.", "Write a JSON list, [...]."),
    "model_type": ("This is not an object.", "Write a JSON object, {...}."),
    "model_attributes_type": ("This is not an object.", "Write a JSON object, {...}."),
    "dict_type": ("This is not an object.", "Write a JSON object, {...}."),
    "rate_type": ("This is neither a number nor 'auto'.", "Write a number above 0, or 'auto'."),
    "theta0_type": (
        "This is neither 'zeros' nor a list nor an object.",
        "Write 'zeros', a list of numbers, an object of numbers by name, or an object of kind normal.",
    ),
    "features_type": ("This is neither true nor false.", "Write true or false, without quotes."),
    "standardize_type": (
        "This is neither true nor false nor an object.",
        'Write true, false, or an object such as {"features": true, "target": true}.',
    ),
    "step_type": (
        "This is neither a number nor 'last' nor 'best'.",
        "Write the number of a stored step, 'last' or 'best'.",
    ),
    "values_type": (
        "This is neither a list nor a range.",
        "Write a list of values, or a range by from, to and count.",
    ),
    "none_required": ("Only null is supported.", "Remove the field or set it to null."),
    "literal_error": ("This must be {expected}.", None),
    "greater_than": ("This must be greater than {gt}.", None),
    "greater_than_equal": ("This must be at least {ge}.", None),
    "less_than": ("This must be less than {lt}.", None),
    "less_than_equal": ("This must be at most {le}.", None),
    "too_short": ("{entries}; the minimum is {min_length}.", None),
    "too_long": ("The maximum is {max_length} entries.", None),
    "string_too_short": ("This must not be empty.", None),
    "string_too_long": ("The maximum is {max_length} characters.", None),
}

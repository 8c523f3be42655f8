"""What every body has in common: strict types, no extra fields, finite numbers; and how its errors are told."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, ValidationError
from pydantic_core import PydanticCustomError

from service.core.exceptions import ErrorEntry, InvalidError, MalformedError, field_error, invalid

MOST_ERRORS = 20
MOST_FIELDS = 50_000
MOST_CHARACTERS = 1000
TAG = "?"
"""Begins the names of a union's members, which pydantic puts into an error's place and a JSON pointer must not have."""
KEY = "[key]"
"""Ends the place of an error in the name of an entry, rather than in its value."""


class Strict(BaseModel):
    """A JSON object whose fields are checked to the letter."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True)


Body = TypeVar("Body", bound=BaseModel)


def parse(model: type[Body], body: bytes) -> Body:
    """The body as a model. Raises MalformedError for what is no JSON, InvalidError naming each field that is wrong."""
    colons = body.count(b":")
    if colons > MOST_FIELDS:
        _refuse_crowds(body)
    try:
        parsed = model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True, include_input=False)
    else:
        # Each field has its colon; only a body with more of them can name a field twice.
        if colons != _fields_given(parsed):
            _refuse_repeated_fields(body)
        return parsed
    if found[0]["type"] == "json_invalid":
        message = f"The body is not JSON: {found[0]['ctx']['error']}."
        raise MalformedError(message, [field_error("", message, "Send one JSON object in UTF-8.")])
    raise InvalidError([_detail(entry) for entry in found[:MOST_ERRORS]])


def tag_of(key: str, default: str) -> Callable[[Any], str]:
    """A union's discriminator: the member that the object's `key` names, `default` where it has none."""

    def tag(value: Any) -> str:
        name = value.get(key, default) if isinstance(value, dict) else getattr(value, key, default)
        return f"{TAG}{name}"

    return tag


def one_of(*kinds: str) -> Discriminator:
    """The discriminator of a union by `kind`, the first of which is the default."""
    return Discriminator(
        tag_of("kind", kinds[0]),
        custom_error_type="descent",
        custom_error_message=f"This must be {', '.join(kinds[:-1])} or {kinds[-1]}.",
        custom_error_context={"at": ("kind",)},  # type: ignore[dict-item]
    )


def wrong(message: str, hint: str, *at: str | int) -> PydanticCustomError:
    """A validator's error: at a place below the value that it checks."""
    # The text is handed over as context: pydantic would take braces in it for fields.
    return PydanticCustomError("descent", "{message}", {"message": message, "hint": hint, "at": at})


def pointer(place: tuple[int | str, ...]) -> str:
    """The JSON pointer (RFC 6901) of a place in the body."""
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in place if not str(step).startswith(TAG)]
    return "".join(f"/{step}" for step in steps)


def _fields_given(value: Any) -> int:
    if isinstance(value, dict):
        return len(value)
    if not isinstance(value, BaseModel):
        return 0
    return sum(1 + _fields_given(getattr(value, name)) for name in value.model_fields_set)


def _refuse_crowds(body: bytes) -> None:
    """Raises InvalidError for an object of very many fields, each of which would cost an error of its own."""

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > MOST_FIELDS:
            raise invalid("", f"An object has {len(pairs)} fields, at most {MOST_FIELDS} are read.", "Send fewer.")

    # What is wrong besides is told by the parser proper.
    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=look, parse_int=float)


def _refuse_repeated_fields(body: bytes) -> None:
    """Raises InvalidError if an object names a field twice: one of the two would be dropped in silence."""
    repeated: list[tuple[dict[str, Any], str]] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
            repeated.append((fields, name))
        return fields

    tree = json.loads(body, object_pairs_hook=collect, parse_int=float)
    if repeated:
        fields, name = repeated[-1]  # the outermost is collected last
        raise invalid(pointer((*_place(tree, fields), name)), "This field stands here twice.", "Give it once.")


def _place(tree: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, ...]:
    for name, value in tree.items():
        if value is wanted:
            return (name,)
        if isinstance(value, dict) and (below := _place(value, wanted)):
            return (name, *below)
    return ()


def _detail(entry: Any) -> ErrorEntry:
    context = entry.get("ctx", {})
    place = (*entry["loc"], *context.get("at", ()))
    if place[-1:] == (KEY,):
        place = place[:-1]
    if any(len(str(step)) > MOST_CHARACTERS for step in place):
        place = ()  # the names are the client's: an answer must not be as long as the body
    if entry["type"] not in _MESSAGES:
        return field_error(pointer(place), entry["msg"], context.get("hint"))
    message, hint = _MESSAGES[entry["type"]]
    return field_error(pointer(place), message.format(**context), hint)


_MESSAGES: dict[str, tuple[str, str | None]] = {
    "extra_forbidden": ("There is no such field.", "Remove it, or look up its name at /docs."),
    "missing": ("This field is missing.", "Add it."),
    "finite_number": ("The number is not finite.", "Give a finite number: NaN, Infinity and 1e999 are not."),
    "float_type": ("This is not a number.", "Write a JSON number, without quotes; no null, true or false."),
    "int_type": ("This is not a whole number.", "Write a whole JSON number, without quotes."),
    "int_from_float": ("This is not a whole number.", "Write a whole JSON number."),
    "bool_type": ("This is neither true nor false.", "Write true or false, without quotes."),
    "string_pattern_mismatch": ("This name has a character that it must not have.", "Leave out colons."),
    "string_type": ("This is not a string.", "Write it in double quotes."),
    "list_type": ("This is not a list.", "Write a JSON list, [...]."),
    "model_type": ("This is not an object.", "Write a JSON object, {...}."),
    "model_attributes_type": ("This is not an object.", "Write a JSON object, {...}."),
    "dict_type": ("This is not an object.", "Write a JSON object, {...}."),
    "none_required": ("Only null can be given here so far.", "Remove the field or give null."),
    "literal_error": ("This must be {expected}.", None),
    "greater_than": ("This must be greater than {gt}.", None),
    "greater_than_equal": ("This must be at least {ge}.", None),
    "less_than": ("This must be less than {lt}.", None),
    "less_than_equal": ("This must be at most {le}.", None),
    "too_short": ("This needs at least {min_length} entries and has {actual_length}.", None),
    "too_long": ("This may have at most {max_length} entries.", None),
    "string_too_short": ("This must not be empty.", None),
    "string_too_long": ("This may have at most {max_length} characters.", None),
}

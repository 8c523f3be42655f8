"""JSON responses, the media type of a body, errors of a query parameter."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from service.api.media_types import JSON
from service.core.exceptions import ErrorEntry, InvalidError, UnsupportedMediaTypeError, header_error, parameter_error
from service.core.validator_sentences import sentence_of


def media_type(request: Request, *allowed: str, compressed: Container[str] = ()) -> str:
    """The media type of the body. Raises UnsupportedMediaTypeError for another one, and for a compressed body.

    A body of a type in `compressed` may be compressed by gzip.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        wanted = " or ".join(allowed)
        raise UnsupportedMediaTypeError(
            f"The body's Content-Type is {given or 'missing'}. Send it as {wanted}.",
            [header_error("Content-Type", "Unsupported media type.", f"Use {wanted}.")],
        )
    coding = request.headers.get("content-encoding", "identity")
    if coding.lower() != "identity" and not (coding.lower() in {"gzip", "x-gzip"} and given in compressed):
        raise UnsupportedMediaTypeError(
            f"The body's Content-Encoding is {coding[:100]}. Send it uncompressed.",
            [header_error("Content-Encoding", "Unsupported coding.", "Leave the header out.")],
        )
    return given


def json_response(body: Mapping[str, object], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; numbers that are not finite become null."""
    return Response(orjson.dumps(body), status, headers, media_type=JSON)


def parameter_errors(errors: Iterable[Mapping[str, Any]]) -> list[ErrorEntry]:
    """The entries for invalid parameters and headers, from the errors of pydantic."""
    found = []
    for error in errors:
        place, *path = error["loc"]
        name = ".".join(str(part) for part in path if not isinstance(part, int))  # without the place in a list
        entry_for = header_error if place == "header" else parameter_error
        context = error.get("ctx", {})
        expected = context.get("expected", "").replace("'", "")  # of a literal or an enumeration
        hint = context.get("hint") or (f"Write {expected}." if expected else None)
        message = context.get("message") or sentence_of(error) or f"{error['msg']}."  # of a validator of ours
        found.append(entry_for(name, message, hint))
    return found


def query_error(parameter: str, message: str, hint: str | None = None) -> InvalidError:
    """An InvalidError for a parameter of the path or the query."""
    return InvalidError([parameter_error(parameter, message, hint)])

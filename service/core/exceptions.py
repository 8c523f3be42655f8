"""Errors of a request, each with its HTTP status and the members of its problem+json body (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Required

from pydantic import Field
from typing_extensions import TypedDict


class ErrorEntry(TypedDict, total=False):
    """A fault of a request: its place, if it has one, its cause, and often its cure."""

    pointer: Annotated[str, Field(description="A JSON pointer into the body (RFC 6901).")]
    parameter: Annotated[str, Field(description="A parameter of the path or the query.")]
    header: Annotated[str, Field(description="A request header.")]
    row: Annotated[int, Field(description="A row of a file, numbered from 1 with the header, as in a spreadsheet.")]
    column: Annotated[str, Field(description="A column of a file.")]
    member: Annotated[int, Field(description="A run of a sweep, from 0.")]
    message: Required[str]
    hint: Annotated[str, Field(description="The correction.")]


PLACES = ("parameter", "header", "row", "column")
"""The members that locate an error outside a JSON body."""


class ApiError(Exception):
    """An error of the client (status 4xx) or of the service (5xx): its cause, its places, its correction."""

    status = 400

    def __init__(
        self,
        detail: str,
        errors: Sequence[ErrorEntry] = (),
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = members

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled by its fields: subclasses have other arguments. Processes return errors so."""
        return _restored, (type(self), self.detail, self.__dict__)


def _restored(kind: type[ApiError], detail: str, fields: dict[str, object]) -> ApiError:
    error = kind.__new__(kind, detail)
    error.__dict__.update(fields)
    return error


class MalformedError(ApiError):
    """The body is not JSON, or a header is invalid."""


class UnauthorizedError(ApiError):
    """The request has no usable API key."""

    status = 401


class ForbiddenError(ApiError):
    """The scope of the API key does not allow the request."""

    status = 403


class NotFoundError(ApiError):
    """No resource has this id."""

    status = 404


class NotAcceptableError(ApiError):
    """The service offers none of the media types that the client accepts."""

    status = 406


class TooSlowError(ApiError):
    """The client sends its request too slowly."""

    status = 408


class ConflictError(ApiError):
    """The state of the resource does not allow the request."""

    status = 409


class PreconditionFailedError(ApiError):
    """The resource is no longer the one that the client read."""

    status = 412


class TooLargeError(ApiError):
    """The body exceeds the size limit, or the computation exceeds its time or memory limit."""

    status = 413


class TooManyRequestsError(ApiError):
    """The client exceeds its rate limit or one of its quotas."""

    status = 429


class UnavailableError(ApiError):
    """The service has no free capacity at the moment."""

    status = 503


class InsufficientStorageError(ApiError):
    """The disk has too little free space for the request."""

    status = 507


class UnsupportedMediaTypeError(ApiError):
    """The service does not read the media type of the body."""

    status = 415


class InvalidError(ApiError):
    """The request is well-formed but invalid; `errors` name the fields."""

    status = 422

    def __init__(self, errors: Sequence[ErrorEntry], **members: Any) -> None:
        first = errors[0]
        place = first.get("pointer") or " ".join(f"{k} {v}" for k, v in first.items() if k in PLACES)
        more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
        super().__init__(f"{place}: {first['message']}{more}" if place else first["message"] + more, errors, **members)


def invalid(pointer: str, message: str, hint: str | None = None) -> InvalidError:
    """An InvalidError for one field of the body."""
    return InvalidError([field_error(pointer, message, hint)])


def field_error(pointer: str, message: str, hint: str | None = None) -> ErrorEntry:
    """The entry for a field of the body."""
    return _with_hint({"pointer": pointer, "message": message}, hint)


def parameter_error(parameter: str, message: str, hint: str | None = None) -> ErrorEntry:
    """The entry for a parameter of the path or the query."""
    return _with_hint({"parameter": parameter, "message": message}, hint)


def header_error(header: str, message: str, hint: str | None = None) -> ErrorEntry:
    """The entry for a header."""
    return _with_hint({"header": header, "message": message}, hint)


def _with_hint(entry: ErrorEntry, hint: str | None) -> ErrorEntry:
    return {**entry, "hint": hint} if hint else entry


class StartError(Exception):
    """A command cannot start; the message names the cause and the correction."""

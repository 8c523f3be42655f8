"""ETags, If-None-Match and If-Match."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Annotated

import orjson
from fastapi import Header
from fastapi.responses import Response

from service.api.media_types import JSON
from service.core.exceptions import PreconditionFailedError, header_error

IfNoneMatch = Annotated[
    str | None, Header(description="The ETag of a cached response: 304 if the content has not changed.")
]

IfMatch = Annotated[
    str | None,
    Header(description="The ETag of a GET: 412, and nothing changes, if the resource has another one by now."),
]
_WEAK = re.compile(r'W/"[^"]*"')


def tagged(body: Mapping[str, object], if_none_match: str | None) -> Response:
    """A JSON response with a strong ETag, or 304 if If-None-Match has the ETag."""
    return tagged_bytes(orjson.dumps(body), if_none_match)


def tagged_bytes(content: bytes, if_none_match: str | None, media_type: str = JSON) -> Response:
    """The same for encoded content."""
    etag = etag_of(content)
    if matches(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(content, headers={"ETag": etag}, media_type=media_type)


def etag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names the ETag (RFC 9110, 13.1.2: weak comparison). A tag ends at its quotes, so a search
    finds whole ones in a list of any length.
    """
    given = if_none_match or ""
    return etag in given or given.strip() == "*"


def refuse_changed(if_match: str | None, present: Callable[[], Mapping[str, object]]) -> None:
    """Raises PreconditionFailedError unless If-Match names the ETag of the present answer (strong comparison), or `*`.

    The caller holds the write lock, so the answer is still the present one when it makes its change.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if etag_of(orjson.dumps(present())) not in _WEAK.sub("", if_match):
        hint = "Get it again, and send its ETag."
        message = "The resource has changed since the response with this ETag."
        raise PreconditionFailedError(message, [header_error("If-Match", message, hint)])

"""Refusals of a connection: answers that it sends itself, and that close it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.api.http_methods import NO_METHOD
from service.api.middleware.security_headers import ALWAYS
from service.api.middleware.stopping import AGAIN
from service.api.problem_details import problem

MAX_HEADERS = 100
"""The maximum number of headers of a request, trailers included. Browsers and proxies send about thirty."""
MAX_PARAMETERS = 100
"""The maximum number of query parameters."""
MANY_PARTS, LEAST_PART_BYTES = 1_000, 16
"""Beyond so many parts, a body has parts of so many bytes on average: each takes the event loop 0.3 µs."""


class Refusal(NamedTuple):
    """A problem that ends a connection. `is_passing` invites the client to try again in a second."""

    status: int
    detail: str
    is_passing: bool = False

    def answer(self, default_headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The whole response."""
        headers = {"Connection": "close"} | ({"Retry-After": "1"} if self.is_passing else {})
        response = problem(self.status, self.detail, headers=headers)
        fields = [*default_headers, *response.raw_headers, *ALWAYS.items()]
        lines = [b"%s: %s\r\n" % (name, value) for name, value in fields]
        return b"".join([STATUS_LINE[self.status], *lines, b"\r\n", response.body])


MALFORMED = Refusal(400, "The data is not an HTTP request. Send HTTP/1.1.")
NO_HOST = Refusal(400, "The request needs one header Host with the name of the service, such as localhost:8000.")
UNKNOWN_METHOD = Refusal(501, NO_METHOD)
SMALL_PARTS = Refusal(
    400,
    f"The body has too many small chunks. Send chunks of at least {LEAST_PART_BYTES} bytes, preferably a few thousand.",
)
TIMED_OUT = Refusal(408, "The request was not complete in time. Send it again, faster or in smaller parts.")
MANY_PARAMETERS = Refusal(414, f"The address has too many parameters. The limit is {MAX_PARAMETERS}.")
TOO_LONG = Refusal(431, "The address and the headers of the request are too long. Shorten them.")
MANY_HEADERS = Refusal(431, f"The request has too many headers. The limit is {MAX_HEADERS}.")
TOO_MANY = Refusal(503, "The service has too many connections. Try again in a second.", is_passing=True)
STOPPING = Refusal(503, AGAIN, is_passing=True)
SHARE_TAKEN = Refusal(
    429, "This user has the most connections, and another needed one. Try again in a second.", is_passing=True
)


_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[\w.~%!$&'()*+,;=-]*)(:[0-9]*)?", re.ASCII)
_METHOD = re.compile(rb"[\w!#$%&'*+.^`|~-]+ \S+ HTTP/1\.[01]\r\n", re.ASCII)


def is_host_wrong(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the header Host is missing, given twice, or no name (RFC 9112, 3.2). HTTP/1.0 does not need one."""
    hosts = [value for name, value in headers if name == b"host"]
    if not hosts:
        return version != "1.0"
    return len(hosts) > 1 or _HOST.fullmatch(hosts[0]) is None


def of_unparsed(data: bytes) -> Refusal:
    """The refusal of bytes whose method the parser does not know: of another method, or of another protocol."""
    return UNKNOWN_METHOD if _METHOD.match(data) else MALFORMED


def long_address(limit: int) -> Refusal:
    """The refusal of an address of more bytes."""
    return Refusal(414, f"The address of the request is too long. The limit is {limit} bytes.")

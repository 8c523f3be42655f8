"""Limits of the head of a request and of the chunks of a body: anybody may send them, so reading them must be cheap.
Against a real server.
"""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from service.core.settings import Settings
from service.server.refusals import LEAST_PART_BYTES, MANY_PARTS, MAX_HEADERS, MAX_PARAMETERS
from tests.service.helpers import served
from tests.service.raw_sockets import connected, problem_in, rest
from tests.waiting import LONGEST

CLOSE = b"Host: localhost\r\nConnection: close\r\n"


class Echo:
    """An application that answers the names of the headers that reach it."""

    def __init__(self, settings: Settings) -> None:
        self.state = SimpleNamespace(descent=SimpleNamespace(settings=settings))

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        names = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(names))]})
        await send({"type": "http.response.body", "body": names})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A service with the default limits."""
    with served(Echo(Settings())) as url:
        yield url


def answer(url: str, target: bytes, headers: bytes) -> bytes:
    with connected(url) as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\n%s%s\r\n" % (target, CLOSE, headers))
        return rest(connection)


def detail_of(refused: bytes, status: int) -> str:
    problem_in(refused, status)
    return str(json.loads(refused.partition(b"\r\n\r\n")[2])["detail"])


def test_many_headers_get_status_431(url: str) -> None:
    most = MAX_HEADERS - 2  # beside those of CLOSE
    assert answer(url, b"/", b"a:1\r\n" * most).startswith(b"HTTP/1.1 200")
    assert "too many headers. The limit is 100." in detail_of(answer(url, b"/", b"a:1\r\n" * (most + 1)), 431)


CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE + b"\r\n"


def test_a_body_of_many_small_chunks_gets_status_400(url: str) -> None:
    """More than the event loop reads in a millisecond."""
    with connected(url) as connection:
        connection.sendall(CHUNKED + b"1\r\nx\r\n" * (MANY_PARTS + 1))
        assert "too many small chunks" in detail_of(rest(connection), 400)


@pytest.mark.parametrize(("count", "size"), [(MANY_PARTS, 1), (10 * MANY_PARTS, LEAST_PART_BYTES)])
def test_a_body_of_few_or_larger_chunks_is_read(count: int, size: int, url: str) -> None:
    with connected(url) as connection:
        connection.sendall(CHUNKED + (b"%x\r\n%s\r\n" % (size, size * b"x")) * count + b"0\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200")


def test_many_trailers_get_status_431(url: str) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with connected(url) as connection:
        connection.sendall(head + b"a:1\r\n" * MAX_HEADERS)
        detail_of(rest(connection), 431)


def test_a_long_address_gets_status_414(url: str) -> None:
    most = Settings().max_address_bytes
    assert answer(url, b"/" + b"a" * (most - 1), b"").startswith(b"HTTP/1.1 200")
    for length in (most, Settings().max_header_bytes - 100):
        assert f"The limit is {most} bytes." in detail_of(answer(url, b"/" + b"a" * length, b""), 414)


def test_the_longest_useful_address_is_below_the_limit() -> None:
    """An upload has the longest one: three names of 200 characters, each of which may have four bytes."""
    name = "\N{GRINNING FACE}" * 200
    options = {"missing": "drop", "categories": "one_hot", "decimal": ",", "thousands": "space", "header": "true"}
    address = httpx2.URL("/datasets", params={"name": name, "target": name, "sheet": name, **options})
    assert len(str(address)) < Settings().max_address_bytes


@pytest.mark.parametrize("parameter", [b"a", b"", b"tag=a%3A1"])
def test_many_parameters_get_status_414(parameter: bytes, url: str) -> None:
    accepted = b"&".join([parameter] * MAX_PARAMETERS)
    assert answer(url, b"/?" + accepted, b"").startswith(b"HTTP/1.1 200")
    assert "too many parameters. The limit is 100." in detail_of(answer(url, b"/?&" + accepted, b""), 414)


def test_cookies_of_other_services_are_dropped(url: str) -> None:
    """Browsers send the cookies of every service of a host, and FastAPI parses them."""
    assert httpx2.get(url, headers={"Cookie": "a=1; b=2", "X-Other": "1"}, timeout=LONGEST).json()[-1] == "x-other"
    assert "cookie" not in httpx2.get(url, headers={"Cookie": "a=1; b=2"}, timeout=LONGEST).json()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        b"GET / HTTP/1.0\r\nHost: localhost\r\nHost: other\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n",
        b"GET / HTTP/1.1\r\nHost: user@localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:http\r\n",
    ],
)
def test_a_request_needs_one_host(head: bytes, url: str) -> None:
    """RFC 9112, 3.2."""
    with connected(url) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n")
        assert "one header Host" in detail_of(rest(connection), 400)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n",
        b"GET / HTTP/1.1\r\nhost: [::1]:8000\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n",
        b"GET / HTTP/1.1\r\nHost: my_lab.example:\r\n",
    ],
)
def test_a_host_is_a_name_or_an_address_with_a_port(head: bytes, url: str) -> None:
    with connected(url) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"FOO / HTTP/1.1\r\n", 501),
        (b"get / HTTP/1.1\r\n", 501),
        (b"GETS / HTTP/1.1\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n", 400),  # TLS
        (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
        (b"{} / HTTP/1.1\r\n", 400),
    ],
)
def test_an_unknown_method_gets_status_501_and_another_protocol_400(head: bytes, status: int, url: str) -> None:
    with connected(url) as connection:
        connection.sendall(head + CLOSE + b"\r\n")
        problem_in(rest(connection), status)

"""Clients on raw sockets, which control how they send and read."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.waiting import LONGEST


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """A connection with a small receive buffer."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        connection.settimeout(LONGEST)
        connection.connect((host, int(port)))
        yield connection


def rest(connection: socket.socket) -> bytes:
    """The bytes until the service closes the connection."""
    found = bytearray()
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionError:
        pass  # the service has reset the connection
    return bytes(found)


def long_list(url: str, headers: dict[str, str] | None = None) -> tuple[str, int]:
    """Uploads datasets of 10 MB in a list; the path of the list and the size of its answer.

    The service has a `max_page_bytes` of 20 MiB.
    """
    names = [f"{column:0200}" for column in range(1_000)]
    with httpx2.Client(base_url=url, headers=headers, timeout=LONGEST) as client:
        for number in range(25):
            body = {"x": [[number] * 1_000] * 2, "y": [1, 2], "feature_names": names}
            client.post("/datasets", json=body).raise_for_status()
        return "/datasets?limit=200", len(client.get("/datasets?limit=200").content)


def problem_in(answer: bytes, status: int) -> None:
    """Asserts that the answer is a problem of this status and closes the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    assert json.loads(body)["status"] == status


def stalled(connection: socket.socket, path: str) -> None:
    """Sends a request and reads only the status."""
    connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
    assert connection.recv(12) == b"HTTP/1.1 200"

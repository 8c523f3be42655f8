"""Clients by the socket, that send and read as they like."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.waiting import LONGEST


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """A connection whose reader has little room."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        connection.settimeout(LONGEST)
        connection.connect((host, int(port)))
        yield connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    found = bytearray()
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionError:
        pass  # it was cut off
    return bytes(found)


def problem_in(answer: bytes, status: int) -> None:
    """The answer is a problem of this status, and the last one on its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    assert json.loads(body)["status"] == status


def stalled(connection: socket.socket, path: str) -> None:
    """Asks, and reads no more than the status."""
    connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
    assert connection.recv(12) == b"HTTP/1.1 200"

"""A client with low overhead: prebuilt requests, keep-alive sockets, one thread per socket."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from benchmarks.harness import seconds


def post_request(path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a POST of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Connection:
    """A keep-alive connection, for answers that carry their length."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        assert place.hostname is not None
        assert place.port is not None
        self._socket = socket.create_connection((place.hostname, place.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The answer's body. Raises RuntimeError if it is an error."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"The answer was {head.decode()}")
        lower = head.lower()
        length = int(lower[lower.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += self._receive()
        return body

    def _receive(self) -> bytes:
        if not (piece := self._socket.recv(65536)):
            raise ConnectionError("The server closed the connection.")
        return piece

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()


def rate(url: str, count: int, requests: Sequence[bytes]) -> float:
    """Requests per second over this many concurrent keep-alive connections, each with its share of the requests."""
    connections = [Connection(url) for _ in range(count)]
    with ThreadPoolExecutor(count) as threads:

        def send_all() -> None:
            shares = (requests[number::count] for number in range(count))
            for _ in threads.map(_send, connections, shares):
                pass  # reraises a thread's exception

        spent = seconds(send_all)
    for connection in connections:
        connection.close()
    return len(requests) / spent


def _send(connection: Connection, requests: Sequence[bytes]) -> None:
    for request in requests:
        connection.ask(request)


def download(url: str, path: str) -> int:
    """Reads an answer with any framing to its end; the number of received bytes."""
    place = urlsplit(url)
    size = 0
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head = connection.recv(1 << 18)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"The answer was {head[:200]!r}")
        while piece := connection.recv(1 << 18):
            size += len(piece)
    return size + len(head)

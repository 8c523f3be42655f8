"""Clients that send or read a byte a second: they cost themselves time, and others none."""

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
import pytest

from service.store.migrations import open_database
from tests.service.support import LINE, fit_body, stored_run
from tests.torture.ground import Ground
from tests.torture.report import Measured, worst

REQUESTS, PAUSE_SECONDS = 1_000, 0.03
"""How many others ask, while there are slow clients and while there are none."""
SETTLED_SECONDS = 8.0
"""Until the slow ones are where they want to be."""
HEAD = b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
OPENINGS = {
    "sends its address": b"GET /",
    "sends its headers": HEAD + b"X-Slow: ",
    "sends its body": HEAD + b"Content-Length: 100000\r\n\r\n[",
    "sends a large body": HEAD + b"Content-Length: 10000000\r\n\r\n[" + b" " * 300_000,
    "reads a trajectory": b"GET /runs/%s/trajectory HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "reads a list": b"GET /runs?limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,
}


class SlowClients(threading.Thread):
    """So many sockets that send or read a byte a second, and begin anew when they are cut off."""

    def __init__(self, url: str, number: int, long_run: str) -> None:
        super().__init__(daemon=True)
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._openings = [text.replace(b"%s", long_run.encode()) for text in OPENINGS.values()]
        self._sockets: list[socket.socket | None] = [None] * number
        self._done = threading.Event()
        self.begun = 0

    def run(self) -> None:
        """One round a second."""
        while not self._done.wait(1.0):
            for place, client in enumerate(self._sockets):
                opening = self._openings[place % len(self._openings)]
                if client is None:
                    self._sockets[place] = self._connect(opening)
                elif not self._go_on(client, opening):
                    client.close()
                    self._sockets[place] = None
        for client in self._sockets:
            if client is not None:
                client.close()

    def stop(self) -> None:
        """Closes them all."""
        self._done.set()
        self.join()

    @property
    def connected(self) -> int:
        """How many are on."""
        return sum(client is not None for client in self._sockets)

    def _connect(self, opening: bytes) -> socket.socket | None:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            client.connect(self._address)
            client.settimeout(0.5)
            client.sendall(opening)
        except OSError:
            client.close()
            return None
        client.setblocking(False)
        self.begun += 1
        return client

    def _go_on(self, client: socket.socket, opening: bytes) -> bool:
        """Whether it is still connected after a byte more."""
        try:
            if opening.startswith(b"GET /runs"):
                return client.recv(1) != b""
            client.send(b"a")
        except BlockingIOError:
            return True
        except OSError:
            return False
        with suppress(BlockingIOError):
            return client.recv(1) == b""  # an answer: it was refused
        return True


def ask(client: httpx2.Client) -> list[float]:
    """How long each of many requests took, in seconds."""
    asked: list[Callable[[], httpx2.Response]] = [
        lambda: client.get("/livez"),
        lambda: client.get("/runs?limit=10"),
        lambda: client.get("/runs/latest"),
        lambda: client.get("/runs/latest/trajectory"),
        lambda: client.post("/fit?validate_only=true", json=LINE),
        lambda: client.post("/fit", json=LINE),
    ]
    seconds = []
    for number in range(REQUESTS):
        time.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))
        begun = time.perf_counter()
        answer = asked[number % len(asked)]()
        seconds.append(time.perf_counter() - begun)
        assert answer.status_code in (200, 202), (number, answer.text)
    return seconds


@pytest.mark.torture(200)
def test_slow_clients_keep_nobody_waiting(tmp_path: Path, cases: int, measured: Measured) -> None:
    ground = Ground(tmp_path, workers=0)
    database = open_database(f"sqlite:///{ground.file}", 5)
    long_run = stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((200_000, 8)))
    for _ in range(50):
        stored_run(database, fit_body(), np.ones((10, 8)))
    database.dispose()
    with ground.serving() as standing:
        ask(standing.client)  # warm
        idle = ask(standing.client)
        slow = SlowClients(standing.url, cases, long_run)
        slow.start()
        time.sleep(SETTLED_SECONDS)
        begun, connected = slow.begun, slow.connected
        busy = ask(standing.client)
        again = slow.begun - begun
        slow.stop()
    ratio = worst(busy) / worst(idle)
    measured("sockets that send or read a byte a second", connected, at_least=round(0.8 * cases))
    measured("… that were cut off meanwhile and began anew", again)
    measured("others' p99 without them", worst(idle) * 1000, "ms")
    measured("others' p99 with them", worst(busy) * 1000, "ms")
    measured("… times as long", ratio, at_most=3.0)

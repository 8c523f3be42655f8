"""Clients that send or read one byte per second do not delay other clients."""

import multiprocessing
import os
import random
import socket
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from service.storage.connect import open_database
from tests.service.helpers import LINE, fit_body, stored_run
from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.report import Measured, worst
from tests.waiting import until

REQUESTS, PAUSE_SECONDS = 5, 0.03
"""How often others ask for each slow client, while there are slow ones and while there are none."""
BEGUN_SECONDS, SETTLED_SECONDS = 2.0, 60.0
"""Until all slow ones have begun; and at most until the long answers that they asked for at once are worked off."""
EVEN_SHARE = 0.1
"""Of a core: a load that changes by less from second to second has nothing left to work off."""
HEAD = b"POST /fit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
OPENINGS = {
    "sends its address": b"GET /",
    "sends its headers": HEAD + b"X-Slow: ",
    "sends its body": HEAD + b"Content-Length: 100000\r\n\r\n[",
    "sends a large body": HEAD + b"Content-Length: 10000000\r\n\r\n[" + b" " * 300_000,
    "reads a trajectory": b"GET /runs/%s/trajectory HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "reads a list": b"GET /runs?limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5,
}


class SlowClients:
    """Sockets that send or read one byte per second and reconnect when they are disconnected.

    They run in a separate process, so that they do not slow the measuring client.
    """

    def __init__(self, url: str, number: int, long_run: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._counts = context.Array("i", 2)
        self._process = context.Process(target=_dawdle, args=(url, number, long_run, self._counts))
        self._process.start()

    @property
    def connected(self) -> int:
        """The number of open connections."""
        return int(self._counts[0])

    @property
    def begun(self) -> int:
        """The number of connections so far."""
        return int(self._counts[1])

    def stop(self) -> None:
        """Closes all connections."""
        self._process.terminate()
        self._process.join()


def _dawdle(url: str, number: int, long_run: str, counts: Any) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    openings = [text.replace(b"%s", long_run.encode()) for text in OPENINGS.values()]
    sockets: list[socket.socket | None] = [None] * number
    for place in cycle(range(number)):
        time.sleep(1.0 / number)
        opening = openings[place % len(openings)]
        client = sockets[place]
        if client is None:
            sockets[place] = _begun((host, int(port)), opening)
            counts[1] += 1
        elif not _goes_on(client, opening):
            client.close()
            sockets[place] = None
        counts[0] = number - sockets.count(None)


def _begun(address: tuple[str, int], opening: bytes) -> socket.socket | None:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        client.connect(address)
        client.settimeout(0.5)
        client.sendall(opening)
    except OSError:
        client.close()
        return None
    client.setblocking(False)
    return client


def _goes_on(client: socket.socket, opening: bytes) -> bool:
    """True if the socket is still connected after one more byte."""
    try:
        if opening.startswith(b"GET /runs"):
            return client.recv(1) != b""
        client.send(b"a")
        client.recv(1)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False  # the service answered: a refusal or a disconnection


def processor_seconds(live: LiveService) -> float:
    """The CPU time of the API's process in seconds."""
    fields = Path(f"/proc/{live.service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(live: LiveService) -> None:
    """Waits until all slow clients are connected and the load is even: what they cost depends on the machine."""
    time.sleep(BEGUN_SECONDS)

    def rests() -> bool:
        times = [processor_seconds(live)]
        for _ in range(2):
            time.sleep(1.0)
            times.append(processor_seconds(live))
        return abs(times[2] - 2 * times[1] + times[0]) < EVEN_SHARE

    until(rests, SETTLED_SECONDS)


def ask(client: httpx2.Client, requests: int) -> list[float]:
    """The durations of many requests in seconds."""
    asked: list[Callable[[], httpx2.Response]] = [
        lambda: client.get("/livez"),
        lambda: client.get("/runs?limit=10"),
        lambda: client.get("/runs/latest"),
        lambda: client.get("/runs/latest/trajectory"),
        lambda: client.post("/fit?validate_only=true", json=LINE),
        lambda: client.post("/fit", json=LINE),
    ]
    seconds = []
    for number in range(requests):
        time.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))
        begun = time.perf_counter()
        answer = asked[number % len(asked)]()
        seconds.append(time.perf_counter() - begun)
        assert answer.status_code in (200, 202), (number, answer.text)
    return seconds


@pytest.mark.torture(200, least=60)
def test_slow_clients_do_not_delay_other_clients(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, workers=0)
    database = open_database(f"sqlite:///{fragile.file}", 5)
    long_run = stored_run(database, fit_body(), np.random.default_rng(1).standard_normal((200_000, 8)))
    for _ in range(50):
        stored_run(database, fit_body(), np.ones((10, 8)))
    database.dispose()
    with fragile.serving() as live:
        ask(live.client, 100)  # warm-up
        idle = ask(live.client, REQUESTS * cases)
        slow = SlowClients(live.url, cases, long_run)
        until(lambda: slow.begun >= cases, SETTLED_SECONDS)
        settle(live)
        begun, connected = slow.begun, slow.connected
        busy = ask(live.client, REQUESTS * cases)
        again = slow.begun - begun
        slow.stop()
        settle(live)
        idle += ask(live.client, REQUESTS * cases)
    ratio = worst(busy) / worst(idle)
    measured("sockets that send or read a byte a second", connected, at_least=round(0.8 * cases))
    measured("… that were cut off meanwhile and began anew", again)
    measured("others' p99 without them", worst(idle) * 1000, "ms")
    measured("others' p99 with them", worst(busy) * 1000, "ms")
    measured("… times as long", ratio, at_most=3.0)

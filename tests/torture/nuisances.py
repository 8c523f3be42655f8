"""What one user does to harm others: each nuisance is a number of raw sockets, which cost the machine little."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import NamedTuple

JSON, CSV = "application/json", "text/csv"
REST_SECONDS = 1.0
"""The pause of a socket after a refusal or a 202, as `Retry-After` asks for."""


class Target(NamedTuple):
    """The service, the text of the key, a run of 8 million steps, one of 200,000 and a paused one, and a dataset of a
    million numbers.
    """

    url: str
    key: str
    longest: str
    long: str
    live: str
    wide: str


class Nuisance(NamedTuple):
    """The number of sockets, and a request by its number."""

    sockets: int
    request: Callable[[Target, int], bytes]
    reads: bool = True
    """Whether the socket reads the answer."""


def _get(path: str) -> Callable[[Target, int], bytes]:
    def request(target: Target, number: int) -> bytes:
        return _head(target, f"GET {path.format(number=number, **target._asdict())}") + b"\r\n"

    return request


def _post(path: str, content: bytes, headers: str = "", kind: str = JSON) -> Callable[[Target, int], bytes]:
    def request(target: Target, _number: int) -> bytes:
        lines = f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
        return _head(target, f"POST {path}") + lines.encode() + content

    return request


def _head(target: Target, line: str) -> bytes:
    return f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {target.key}\r\n".encode()


def _body_that_never_comes(target: Target, _number: int) -> bytes:
    return _head(target, "POST /fit") + b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n"


def _table(rows: int) -> bytes:
    dataset = {"x": [[row % 13, row % 10] for row in range(rows)], "y": [row % 7 for row in range(rows)]}
    return json.dumps({"dataset": dataset}, separators=(",", ":")).encode()


def _csv(size: int) -> bytes:
    return b"x,y,z\n" + b"".join(b"%d,%d,%d.5\n" % (row, row % 89, row % 97) for row in range(size // 14))


LINE = json.dumps({"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}}).encode()
RATES = {"from": 0.001, "to": 0.1, "count": 500}
SWEEP = json.dumps({"base": json.loads(LINE), "grid": {"/descent/learning_rate": RATES}}).encode()
NUISANCES = {
    "20 sweeps of 500 runs": Nuisance(20, _post("/sweeps", SWEEP)),
    "60 submissions": Nuisance(60, _post("/fit", LINE)),
    "60 thinned trajectories of 8 million steps": Nuisance(60, _get("/runs/{longest}/trajectory?max_points={number}")),
    "64 slow readers": Nuisance(64, _get("/runs/{long}/trajectory?format=csv"), reads=False),
    "256 followers": Nuisance(256, _get("/runs/{live}/events")),
    "100 waits": Nuisance(100, _post("/fit", LINE, "Prefer: wait=60\r\n")),
    "6 landscapes": Nuisance(6, _get("/runs/{long}/landscape?resolution=201&from_step={number}")),
    "1,000 bodies that never come": Nuisance(1_000, _body_that_never_comes),
    "4 bodies of 5 MiB": Nuisance(4, _post("/fit?validate_only=true", _table(5 * 2**20 // 8))),
    "60 bodies of 20,000 values": Nuisance(60, _post("/fit?validate_only=true", _table(6_600))),
    "60 dry runs of a sweep of 500 runs": Nuisance(60, _post("/sweeps?validate_only=true", SWEEP)),
    "60 pages of a million numbers": Nuisance(60, _get("/datasets/{wide}/rows")),
    "60 looks at a run": Nuisance(60, _get("/runs/{long}")),
    "60 lists of 200 runs": Nuisance(60, _get("/runs?limit=200")),
    "60 CSV files of 200 KB": Nuisance(60, _post("/datasets", _csv(200_000), kind=CSV)),
    "4 CSV files of 20 MB": Nuisance(4, _post("/datasets", _csv(20_000_000), kind=CSV)),
}


def annoy(name: str, target: Target) -> None:
    """Does a nuisance for ever, in a process that is killed."""
    nuisance = NUISANCES[name]
    for number in range(nuisance.sockets):
        threading.Thread(target=_repeat, args=(nuisance, target, 1_000 + number), daemon=True).start()
    threading.Event().wait()


def _repeat(nuisance: Nuisance, target: Target, number: int) -> None:
    host, _, port = target.url.removeprefix("http://").partition(":")
    for turn in count(number, nuisance.sockets):
        with suppress(OSError), socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            client.connect((host, int(port)))
            client.sendall(nuisance.request(target, turn))
            is_served = client.recv(12) == b"HTTP/1.1 200"
            _stay(client, reads=nuisance.reads)
            if is_served:
                continue
        time.sleep(REST_SECONDS)


def _stay(client: socket.socket, *, reads: bool) -> None:
    client.settimeout(REST_SECONDS)
    while True:
        if not reads:
            time.sleep(REST_SECONDS)
        with suppress(TimeoutError):
            if not client.recv(1 if not reads else 65536):
                return

"""From the start of `descent serve` to the first answer of /readyz, on a new and on an existing database."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Measure, Result, absolute, interleaved, until
from benchmarks.processes import HAS_PROC, cpu_seconds

ROUNDS = 5


def run() -> Iterator[Result]:
    """With two workers, which start at the same time and want the same cores."""
    worked: list[float] = []
    with TemporaryDirectory() as home:
        numbers = iter(range(100))
        fresh, known = interleaved(
            ROUNDS,
            lambda: _start(Path(home) / f"{next(numbers)}.db", []),
            lambda: _start(Path(home) / "known.db", worked),
        )
    yield absolute("start to /readyz, new database", Measure(fresh, "s"))
    yield absolute("start to /readyz, existing database", Measure(known, "s"))
    if worked:
        yield absolute("… of which the processor's time, whatever else runs", Measure(worked, "s"))


def _start(database: Path, worked: list[float]) -> float:
    port = _free_port()
    options = ["--port", str(port), "--workers", "2", "--database", f"sqlite:///{database}"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli.main", "serve", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _is_ready(port) or None, within=60, pause=0.01)
        spent = time.perf_counter() - begun
        if HAS_PROC:
            worked.append(cpu_seconds(process.pid))
        return spent
    finally:
        process.terminate()
        process.wait()


def _is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
            # The socket listens before the service is ready: early requests wait in its backlog.
            connection.settimeout(5)
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(1024).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

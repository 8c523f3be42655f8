"""A service that a test may kill, stop and restart on the same file, with read access to that file."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from service.server.live_server import Service, running_service
from service.storage.sqlite.engine import sqlite_module

# Defaults: no rate limit, and no limit on the workers that a run may lose. A suite may override them.
SETTINGS = {"requests_per_minute": "1000000000", "max_losses": "1000000"}


class LiveService:
    """A running service and its processes."""

    def __init__(self, service: Service, client: httpx2.Client) -> None:
        self.service, self.client = service, client
        self.url = service.url

    def workers(self) -> dict[str, int]:
        """The live worker processes by the names of their leases."""
        found = {}
        for pid in self._children():
            if (words := _command(pid)) and "service.worker" in words:
                found[words[-1]] = pid
        return found

    def kill(self) -> None:
        """Sends SIGKILL to the API, its supervisor and all workers, like a power cut."""
        for pid in (self.service.process.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.service.process.wait()

    def _children(self) -> list[int]:
        """The child processes of all threads; the supervisor's thread starts the replacements."""
        lists = Path(f"/proc/{self.service.process.pid}/task").glob("*/children")
        return [int(child) for file in lists for child in file.read_text().split()]


class FragileService:
    """A database file and the successive services on it."""

    def __init__(self, home: Path, **settings: object) -> None:
        self.file = home / "descent.db"
        self.home = home
        self._settings = SETTINGS | {name: str(value) for name, value in settings.items()}

    @contextmanager
    def serving(self, **settings: object) -> Iterator[LiveService]:
        """Runs `descent serve` with these settings and the file's defaults; its output goes to `log`."""
        wanted = self._settings | {name: str(value) for name, value in settings.items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DESCENT_")}
        environment = clean | {f"DESCENT_{name.upper()}": value for name, value in wanted.items()}
        with (
            self.log.open("a") as log,
            running_service("--database", f"sqlite:///{self.file}", environment=environment, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=60) as client,
        ):
            yield LiveService(service, client)

    @property
    def log(self) -> Path:
        """The output of all services on this file."""
        return self.home / "log"

    def look(self, question: str, *values: object) -> Sequence[Any]:
        """The rows of a query on the file. The connection is read-only, so that it performs no recovery."""
        with closing(sqlite_module().connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as connection:
            return list(connection.execute(question, values).fetchall())


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []

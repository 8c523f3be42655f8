"""A service that a test may harm: killed, stopped and started again on the same file, with looks into that file."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from service.storage.sqlite.engine import sqlite_module
from service.testing.live_server import Service, running_service

# Nobody's requests are counted here, and a run may lose as many workers as it likes, unless a suite says otherwise.
SETTINGS = {"requests_per_minute": "1000000000", "max_losses": "1000000"}


class Standing:
    """A service that runs, and its processes."""

    def __init__(self, service: Service, client: httpx2.Client) -> None:
        self.service, self.client = service, client
        self.url = service.url

    def workers(self) -> dict[str, int]:
        """The worker processes by the names under which they hold runs; the dead are left out."""
        found = {}
        for pid in self._children():
            if (words := _command(pid)) and "service.worker.process" in words:
                found[words[-1]] = pid
        return found

    def kill(self) -> None:
        """SIGKILL to the API, its supervisor and all workers at once, as a power cut would."""
        for pid in (self.service.process.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.service.process.wait()

    def _children(self) -> list[int]:
        """Of all its threads: the supervisor's has started those that replace others."""
        lists = Path(f"/proc/{self.service.process.pid}/task").glob("*/children")
        return [int(child) for file in lists for child in file.read_text().split()]


class Ground:
    """A database file, and services on it, one after the other."""

    def __init__(self, home: Path, **settings: object) -> None:
        self.file = home / "descent.db"
        self.home = home
        self._settings = SETTINGS | {name: str(value) for name, value in settings.items()}

    @contextmanager
    def serving(self, **settings: object) -> Iterator[Standing]:
        """`descent serve` with these settings and the ground's; what it still says goes to `log`."""
        wanted = self._settings | {name: str(value) for name, value in settings.items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DESCENT_")}
        environment = clean | {f"DESCENT_{name.upper()}": value for name, value in wanted.items()}
        with (
            self.log.open("a") as log,
            running_service("--database", f"sqlite:///{self.file}", environment=environment, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=60) as client,
        ):
            yield Standing(service, client)

    @property
    def log(self) -> Path:
        """What all services on this ground said."""
        return self.home / "log"

    def look(self, question: str, *values: object) -> Sequence[Any]:
        """The answer of the file itself. The connection can only read, so that no recovery is its doing."""
        with closing(sqlite_module().connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as connection:
            return list(connection.execute(question, values).fetchall())


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []

"""A real `descent serve` process on a free port, for tests and the demonstration."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

STOP_SECONDS = 30


class Service(NamedTuple):
    """A running service."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def running_service(
    *options: str, environment: Mapping[str, str] | None = None, log: IO[Any] | int | None = None
) -> Iterator[Service]:
    """Runs `descent serve` with these options, and terminates it at the end. The log goes to `log`, or to stderr.

    Raises RuntimeError if the service does not start.
    """
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "service.cli.main", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=environment,
    )
    try:
        yield Service(_url(process), process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _url(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        if found := re.search(r"https?://\S+?:\d+", line):
            return found[0]
    raise RuntimeError(f"The service did not start (exit code {process.wait()}).")

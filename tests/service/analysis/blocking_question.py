"""An analysis that waits until a test releases it."""

from pathlib import Path
from typing import Any, NamedTuple


class PipeRequest(NamedTuple):
    """A name for the log, and the path of a named pipe."""

    name: str
    log: str
    pipe: str | None = None


def read_pipe(_database: Any, request: PipeRequest) -> bytes:
    """Appends the name to the log, and reads the named pipe, if any, to its end."""
    with Path(request.log).open("a") as file:
        file.write(request.name)
    return b"" if request.pipe is None else Path(request.pipe).read_bytes()

"""An analysis that waits until a test releases it."""

import os
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


def read_pipe_of_environment(_database: Any, _request: Any) -> bytes:
    """Creates the file BLOCKED, and reads the named pipe PIPE to its end; both are environment variables."""
    Path(os.environ["BLOCKED"]).touch()
    return Path(os.environ["PIPE"]).read_bytes()

"""A service for the duration of a command: on the loopback address, in a temporary folder, without API keys."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from service.cli.options import failure

WORKERS = 1
ENVIRONMENT = {"DESCENT_KEYS": "off", "DESCENT_ALLOWED_HOSTS": "", "DESCENT_ROOT_PATH": ""}
"""Settings that must not come from the environment of the command."""


@contextmanager
def private_service() -> Iterator[str]:
    """The address of a service, which ends with the block, and its data with it. Raises typer.Exit if it does not
    start; the log of the service says why.
    """
    from service.server.live_server import running_service  # noqa: PLC0415 - keeps --help fast

    with TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        options = ("--host", "127.0.0.1", "--workers", str(WORKERS), "--database", f"sqlite:///{folder}/private.db")
        with ExitStack() as stack:
            try:
                running = stack.enter_context(running_service(*options, environment=os.environ | ENVIRONMENT, log=log))
            except RuntimeError as error:
                log.seek(0)
                raise failure(f"{error}\n{log.read()}".rstrip()) from None
            yield running.url

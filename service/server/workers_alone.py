"""`descent worker`: workers alone, until SIGINT or SIGTERM. Nothing here imports the API."""

from contextlib import suppress
from queue import Empty, SimpleQueue

from rich.console import Console

from service.core.exceptions import StartError
from service.core.settings import Settings
from service.server.open_database import opened
from service.server.process_setup import configure_log, on_signal, shown_database, shown_workers
from service.storage.database import Database
from service.worker.supervisor import Supervisor

CHECK_SECONDS = 1.0


def work(settings: Settings, console: Console) -> None:
    """Runs workers alone, on the database of an API elsewhere. Raises StartError, also if the database is replaced or
    migrated meanwhile.
    """
    configure_log()
    stopping: SimpleQueue[None] = SimpleQueue()  # its put is safe in a signal handler, unlike Event's set
    on_signal(lambda: stopping.put(None))
    database = opened(settings)
    with Supervisor(settings, database):
        console.print(f"{shown_workers(settings)} on {shown_database(settings)}. Stop them with Ctrl-C.")
        fault = _wait(stopping, database)
    database.dispose()
    if fault is not None:
        raise StartError(fault)


def _wait(stopping: "SimpleQueue[None]", database: Database) -> str | None:
    """Waits for the stop, or for a fault of the database that only a restart ends."""
    while (fault := database.fault()) is None:
        with suppress(Empty):
            stopping.get(timeout=CHECK_SECONDS)
            return None
    return fault

"""`descent serve` and `descent worker`: the API with its workers, or workers alone, until a signal."""

import logging
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn
from rich.console import Console

from service.app import create_app
from service.settings import Settings
from service.store.migrations import open_database
from service.supervisor import Supervisor

GRACE_SECONDS = 5


def serve(settings: Settings, console: Console) -> None:
    """Listens, starts the workers, and stops both on SIGINT or SIGTERM."""
    _log()
    database = open_database(settings.database_url, settings.busy_seconds)
    config = uvicorn.Config(
        create_app(settings, database),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    listener = _listen(settings.host, settings.port)
    # uvicorn raises the signal again when it is done; the workers have to be stopped after that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    with Supervisor(settings, database):
        _announce(settings, listener.getsockname()[1], console)
        uvicorn.Server(config).run(sockets=[listener])
    database.dispose()


def work(settings: Settings, console: Console) -> None:
    """Workers alone, on the same database as an API elsewhere."""
    _log()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        # Not on this thread, which may hold the event's own lock just now.
        threading.Thread(target=stopping.set).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    database = open_database(settings.database_url, settings.busy_seconds)
    with Supervisor(settings, database):
        console.print(f"{settings.workers} workers on {_shown_database(settings)}. Stop them with Ctrl-C.")
        stopping.wait()
    database.dispose()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("alembic", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def _announce(settings: Settings, port: int, console: Console) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    console.print(f"[bold]Descent[/bold] listens at {url}/ with {settings.workers} workers.", highlight=False)
    console.print(f"  page        {url}/", highlight=False)
    console.print(f"  Swagger UI  {url}/docs", highlight=False)
    console.print(f"  data        {_shown_database(settings)}", highlight=False, soft_wrap=True)
    console.print("Stop it with Ctrl-C.")


def _shown_database(settings: Settings) -> str:
    return str(settings.database_file.resolve() if settings.database_file else settings.database_url)

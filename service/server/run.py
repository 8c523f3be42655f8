"""`descent serve`: the API with its workers, until SIGINT or SIGTERM."""

import math
import socket
import sys

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from service.api.app import create_app
from service.api.app_state import state_of_app
from service.api.middleware import stack
from service.core import process_limits
from service.core.exceptions import StartError
from service.core.loopback import is_loopback
from service.core.settings import Settings
from service.maintenance.retention import Retention
from service.server import addresses, http_protocol
from service.server.open_database import opened, told
from service.server.process_setup import configure_log, on_signal, shown_database, shown_workers
from service.storage import own_state
from service.storage.api_keys import usable_keys
from service.storage.database import Database
from service.worker.supervisor import Supervisor

GRACE_SECONDS = 1
"""The time for the answers to requests that are incomplete after `drain_seconds`."""
KEEP_ALIVE_SECONDS = 150
"""The time that an idle connection stays open. A service that closes first may close under the next request, so this is
longer than httpx (5 s), nginx (60 s), Go and Traefik (90 s) and Caddy (2 min) keep one; Envoy keeps one for an hour. An
idle connection costs 12 KB of memory, and idle ones are the first to go where there are too many.
"""
SWITCH_SECONDS = 0.001
"""The time after which a thread hands on the interpreter. An answer needs it several times, a list of runs twice for
each run: with Python's 5 ms, the check of sweeps on another thread delayed answers by up to 60 ms, with this by 20 ms.
With 0.2 ms, 60 submissions at a time delayed others more."""
OTHER_PORT = "`descent serve --port 9000`, or `DESCENT_PORT=9000 make serve`"
NO_KEYS = (
    "This service requires API keys, because DESCENT_KEYS requires them or other machines can reach it. Its database "
    "has no usable key. Create one with `descent keys create NAME`, or set DESCENT_KEYS=off to allow everybody."
)


def serve(settings: Settings, console: Console) -> None:
    """Listens, starts the workers, and stops both on SIGINT or SIGTERM. Raises StartError."""
    configure_log()
    database = opened(settings)
    with told(settings):  # the damage that the opening does not meet
        own_state.correct(database)
    app = _app(settings, database)
    config = uvicorn.Config(
        app,
        http=http_protocol.bounded(settings),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds + GRACE_SECONDS),
    )
    server = uvicorn.Server(config)
    state = state_of_app(app)
    state.is_stopping = lambda: server.should_exit
    state.use_of_connections = lambda user: http_protocol.use(server.server_state.connections, user)
    process_limits.allow_open_files(settings.max_connections)
    process_limits.bound_arenas()
    sys.setswitchinterval(SWITCH_SECONDS)
    listener = _listen(settings.host, settings.port)
    # While uvicorn serves, it replaces these handlers; afterwards it raises the signal again, while the workers stop.
    # Before uvicorn serves, this handler keeps the signal from being lost.
    on_signal(lambda: setattr(server, "should_exit", True))
    with Supervisor(settings, database) as supervisor, Retention(settings, database):
        state.workers_fault = supervisor.fault
        _announce(settings, listener.getsockname()[1], console)
        server.run(sockets=[listener])
    database.dispose()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another port: {OTHER_PORT}."
        ) from error
    listener.listen(2048)
    return listener


def _app(settings: Settings, database: Database) -> FastAPI:
    """The API. Raises StartError if required keys are missing, or if a setting of hosts or origins is invalid."""
    if settings.requires_keys:
        with told(settings), database.reading() as connection:
            if not usable_keys(connection):
                raise StartError(NO_KEYS)
    try:
        app = create_app(settings, database)
    except ValueError as error:
        raise StartError(str(error)) from None
    stack.check_hosts(app, settings)
    return app


def _announce(settings: Settings, port: int, console: Console) -> None:
    url = addresses.here(settings, port)
    console.print(f"[bold]Descent[/bold] listens at {url}/ with {shown_workers(settings)}.", highlight=False)
    console.print(f"  page        {url}/", highlight=False)
    console.print(f"  Swagger UI  {url}/docs", highlight=False)
    if others := addresses.elsewhere(settings, port):
        console.print(f"  elsewhere   {others}", highlight=False, soft_wrap=True)
    console.print(f"  data        {shown_database(settings)}", highlight=False, soft_wrap=True)
    if settings.requires_keys:
        console.print("  API keys    required; `descent keys create NAME` creates one", highlight=False)
    elif not is_loopback(settings.host):
        console.print("  API keys    off: everybody who reaches the port has all rights", highlight=False)
    console.print("Stop it with Ctrl-C.")

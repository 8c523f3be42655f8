"""The baseline of submitting: a bare FastAPI route with the same body, and one row inserted into SQLite.

Run as `python -m benchmarks.bare_api DATABASE`; prints its port.
"""

import socket
import sqlite3
import sys
import threading

import uvicorn
from fastapi import FastAPI

from service.schemas.fit import FitRequest
from service.storage.sqlite.engine import sqlite_module, wal_is_safe


def create_app(path: str) -> FastAPI:
    """One connection, one lock round it, the store's pragmas."""
    module = sqlite_module()
    connection: sqlite3.Connection = module.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {'WAL' if wal_is_safe(module.sqlite_version_info) else 'DELETE'}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE runs (seq INTEGER PRIMARY KEY, request TEXT NOT NULL)")
    lock = threading.Lock()
    app = FastAPI()

    @app.post("/fit")
    def fit(body: FitRequest) -> dict[str, int | None]:
        request = body.model_dump_json()
        with lock:
            return {"id": connection.execute("INSERT INTO runs (request) VALUES (?)", (request,)).lastrowid}

    return app


def main() -> None:
    """The process: the same server settings as `descent serve`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(create_app(sys.argv[1]), log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()

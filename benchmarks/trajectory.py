"""A trajectory of 100,000 steps × 10 parameters as JSON, beside `orjson.dumps` of the same columns alone."""

import asyncio
import subprocess
from collections.abc import Iterator, MutableMapping
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
from fastapi import FastAPI

from benchmarks.harness import Measure, Result, compared, interleaved, seconds
from benchmarks.http_load import download
from benchmarks.stored import PARAMETERS, STEPS, Stored, finished_run
from service.api.app import create_app
from service.core.settings import Settings
from service.server.live_server import running_service
from service.storage.connect import open_database

ROUNDS = 11


def run() -> Iterator[Result]:
    """In this process, so that no client costs anything; then over HTTP."""
    with TemporaryDirectory() as home, asyncio.Runner() as runner:
        settings = Settings(database_url=f"sqlite:///{home}/descent.db")
        database = open_database(settings.database_url, settings.busy_seconds)
        stored = finished_run(database, settings)
        path = f"/runs/{stored.run_id}/trajectory"
        app = create_app(settings, database)
        columns = _columns(stored)
        options = ("--workers", "0", "--database", settings.database_url)
        with running_service(*options, log=subprocess.DEVNULL) as service:
            values = interleaved(
                ROUNDS,
                lambda: seconds(lambda: runner.run(_ask(app, path))),
                lambda: seconds(lambda: orjson.dumps(columns, option=orjson.OPT_SERIALIZE_NUMPY)),
                lambda: seconds(lambda: download(service.url, path)),
            )
        database.dispose()
    ours, alone, over_http = (Measure([1000 * value for value in each], "ms") for each in values)
    what = f"trajectory, {STEPS:,} steps × {PARAMETERS}, as JSON"
    yield compared(what, ours, alone, "orjson alone")
    yield compared("… over HTTP, the client included", over_http, alone, "orjson alone")


def _columns(stored: Stored) -> dict[str, Any]:
    theta = np.ascontiguousarray(stored.columns[:PARAMETERS].T)
    rest = dict(zip(stored.names, stored.columns[PARAMETERS:], strict=True))
    return {"step": np.arange(STEPS), "theta": theta, **rest}


async def _ask(app: FastAPI, path: str) -> None:
    """A GET through the ASGI application, without a network."""
    size = 0

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal size
        size += len(message.get("body", b""))

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
    }
    scope |= {"method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    await app(scope, receive, send)
    assert size > 100 * STEPS, "the answer is too short to be the trajectory"

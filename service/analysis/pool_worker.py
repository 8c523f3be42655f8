"""A process of the analysis pool: answers one question at a time, on its main thread."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from multiprocessing import parent_process
from typing import TypeVar

import numpy as np
import orjson

from service.core.process_limits import bound_memory
from service.core.settings import Settings
from service.storage.database import Database

Asked = TypeVar("Asked")
"""The request of a question. It names everything that the answer depends on, so equal requests have equal answers."""
Question = Callable[[Database, Asked], bytes | Mapping[str, object]]
"""A function of the database and a request, that returns a picture or a JSON object. Raises NoAnswerError and
GoneError."""

Result = TypeVar("Result")

_database: Database


class NoAnswerError(Exception):
    """The question has no answer; the message names the cause and the correction."""


def initialize(settings: str) -> None:
    """Initializes the process. The settings are JSON."""
    global _database  # noqa: PLW0603 - the process has no other purpose
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent process ends this one
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    read = Settings.model_validate_json(settings)
    bound_memory(read.worker_memory_bytes)
    _database = Database(read.database_url, busy_seconds=read.busy_seconds, connections=1)


def answer(question: Question[Asked], request: Asked) -> bytes:
    """The answer: the bytes of a picture, or JSON, with null for a number that is not finite."""
    value = question(_database, request)
    if isinstance(value, bytes):  # a picture
        return value
    # orjson serializes contiguous arrays only, so a view of another array is copied.
    return orjson.dumps(value, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY)


def read_body(read: Callable[..., Result], body: bytes, *arguments: object) -> Result:
    """The result of `read(body, database, *arguments)`."""
    return read(body, _database, *arguments)


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)

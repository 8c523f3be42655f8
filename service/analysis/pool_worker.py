"""What goes on in a process that answers inquiries: one question at a time, on its main thread."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from typing import Any

import numpy as np
import orjson

from service.core.process_limits import bound_memory
from service.core.settings import Settings
from service.storage.database import Database

Question = Callable[..., Any]
"""A function of the database and of what is asked, which gives bytes or what JSON can hold. May raise NoAnswerError
and GoneError."""

_database: Database


class NoAnswerError(Exception):
    """The question has no answer; the message says why, and what to ask instead."""


def begin(settings: str) -> None:
    """Makes the process ready, once. The settings are JSON."""
    global _database  # noqa: PLW0603 - the process is for nothing else
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us, who ends us
    threading.Thread(target=_die_with_parent, daemon=True).start()
    read = Settings.model_validate_json(settings)
    bound_memory(read.worker_memory_bytes)
    _database = Database(read.database_url, busy_seconds=read.busy_seconds, connections=1)


def answer(question: Question, arguments: tuple[Any, ...]) -> bytes:
    """The answer, which is sent as JSON if it is not bytes already: what is not finite becomes null."""
    found = question(_database, *arguments)
    if isinstance(found, bytes):  # a picture
        return found
    # What is a view of another array has to be copied first.
    return orjson.dumps(found, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)

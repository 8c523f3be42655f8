"""A process of the analysis pool: answers one question at a time, on its main thread."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import orjson

from service.core.settings import Settings
from service.storage.database import Database

Asked = TypeVar("Asked")
"""The request of a question. It names everything that the answer depends on, so equal requests have equal answers."""
Question = Callable[[Database, Asked], bytes | Mapping[str, object]]
"""A function of the database and a request, that returns a picture or a JSON object. Raises NoAnswerError and
GoneError."""

_database: Database


class NoAnswerError(Exception):
    """The question has no answer; the message names the cause and the correction."""


def begin(settings: Settings) -> None:
    """Opens the database of the process."""
    global _database  # noqa: PLW0603 - the process has no other purpose
    _database = Database(settings.database_url, busy_seconds=settings.busy_seconds, connections=1)


def answer(question: Question[Asked], request: Asked) -> bytes:
    """The answer: the bytes of a picture, or JSON, with null for a number that is not finite."""
    value = question(_database, request)
    if isinstance(value, bytes):  # a picture
        return value
    # orjson serializes contiguous arrays only, so a view of another array is copied.
    return orjson.dumps(value, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY)

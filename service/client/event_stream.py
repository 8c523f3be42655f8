"""Parser of server-sent events (HTML Living Standard, 9.2)."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

END = re.compile(r"\r\n|\n|\r(?!\Z)")
"""The end of a line. A CR at the end of what has come may be the half of one."""


class Event(NamedTuple):
    """An event of a run: `status` and `finished` have the run, `progress` the columns of new steps."""

    kind: str
    data: dict[str, Any]
    id: str | None


class EventParser:
    """Makes events of bytes. An event without an id has that of the one before; that of the first is `last_id`."""

    def __init__(self, last_id: str | None = None) -> None:
        self._last_id = last_id
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest: list[str] = []
        self._kind, self._data = "message", list[str]()

    def add(self, piece: bytes) -> Iterator[Event]:
        """Yields the events that the piece completes. Raises ValueError for data that are no JSON object."""
        news, begin = self._decoder.decode(piece), 0
        is_whole = END.search(news) or (self._rest and self._rest[-1].endswith("\r"))
        self._rest.append(news)
        if not is_whole:  # a long line comes in many pieces
            return
        text = "".join(self._rest)
        for end in END.finditer(text):
            line, begin = text[begin : end.start()], end.end()
            if line:
                self._field(line)
            elif self._data:
                yield self._completed()
            else:
                self._kind = "message"
        self._rest = [text[begin:]]

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._last_id = value

    def _completed(self) -> Event:
        kind, data = self._kind, json.loads("\n".join(self._data))
        self._kind, self._data = "message", []
        if not isinstance(data, dict):
            raise ValueError("the data of an event are no JSON object")  # noqa: TRY004 - as of json
        return Event(kind, data, self._last_id)

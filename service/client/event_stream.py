"""Parser of server-sent events (HTML Living Standard, 9.2)."""

import json
from typing import Any, NamedTuple


class Event(NamedTuple):
    """An event of a run: `status` and `finished` have the run, `progress` the columns of new steps."""

    kind: str
    data: dict[str, Any]
    id: str | None


class EventParser:
    """Makes events of lines. An event without an id has that of the one before; that of the first is `last_id`."""

    def __init__(self, last_id: str | None = None) -> None:
        self._last_id = last_id
        self._kind, self._data = "message", list[str]()

    def add(self, line: str) -> Event | None:
        """The event that the line completes, if it does."""
        if not line:
            return self._completed()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._last_id = value
        return None

    def _completed(self) -> Event | None:
        kind, data = self._kind, "\n".join(self._data)
        self._kind, self._data = "message", []
        return Event(kind, json.loads(data), self._last_id) if data else None

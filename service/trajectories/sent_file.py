"""File that is sent while a library writes it."""

import io
from typing import Any


class SentFile(io.RawIOBase):
    """Takes what is written, in order; `taken` hands it on."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = bytearray()
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, piece: Any, /) -> int:
        before = len(self._bytes)
        self._bytes += piece
        written = len(self._bytes) - before
        self._size += written
        return written

    def taken(self) -> bytes:
        """The bytes since the last call."""
        found = bytes(self._bytes)
        self._bytes.clear()
        return found

"""A write-ahead log as it lies on the disk: which page each of its frames holds, as far as SQLite would use it.

The format is that of sqlite.org/fileformat.html, section 4. SQLite uses the frames up to the last one that ends a
transaction, of those whose salts are the header's and whose checksum is right; it goes on from frame to frame.

Nothing of SQLite is asked, since a process must not open and close a file that it has also open by SQLite: to close it
would give up SQLite's locks.
"""

import struct
from collections.abc import Iterator
from functools import cache
from typing import IO, Any, NamedTuple

import numpy as np

HEADER = struct.Struct(">I4xI4x8s8s")
"""Magic, page size, the salts, the checksum of what is before."""
FRAME = struct.Struct(">II8s8s")
"""The page's number, the pages of the file after the transaction that the frame ends (else 0), salts, checksum."""
MAGIC = 0x377F0682
"""The lowest bit says in which order the checksums take the bytes of a word: 0 for little-endian."""
BATCH = 256
Words = np.ndarray[Any, np.dtype[np.uint32]]


class Frame(NamedTuple):
    """A frame that counts: a page's number, and where in the log its content is."""

    page: int
    place: int


class Log(NamedTuple):
    """What SQLite would use of a log. `pages` is the length of the file with it."""

    page_size: int
    pages: int
    frames: list[Frame]


def read_log(log: IO[bytes]) -> Log | None:
    """What a log holds; None if SQLite would use nothing of it."""
    head = log.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    magic, page_size, salts, checksum = HEADER.unpack(head)
    if magic | 1 != MAGIC | 1 or page_size not in {1 << bits for bits in range(9, 17)}:
        return None
    order = ">" if magic & 1 else "<"
    if _sum((0, 0), np.frombuffer(head[:24], dtype=order + "u4")[None])[0] != struct.unpack(">II", checksum):
        return None
    committed, pages, frames = 0, 0, []
    for frame, size in _valid(log, page_size, salts, struct.unpack(">II", checksum), order):
        frames.append(frame)
        if size:
            committed, pages = len(frames), size
    return Log(page_size, pages, frames[:committed]) if committed else None


def _valid(
    log: IO[bytes], page_size: int, salts: bytes, state: tuple[int, int], order: str
) -> Iterator[tuple[Frame, int]]:
    """The frames from the first to the last valid one, and the length of the file that each of them tells."""
    length = FRAME.size + page_size
    place = HEADER.size
    while content := log.read(BATCH * length):
        count = len(content) // length
        rows = np.frombuffer(content[: count * length], dtype=np.uint8).reshape(count, length)
        # The checksum is of the first eight bytes of a frame's header, and of the page.
        words = np.hstack([rows[:, :8], rows[:, FRAME.size :]]).view(order + "u4")
        for row, state_after in zip(rows, _sum(state, words), strict=True):
            page, size, own_salts, checksum = FRAME.unpack(row[: FRAME.size].tobytes())
            if own_salts != salts or struct.unpack(">II", checksum) != state_after:
                return
            yield Frame(page, place + FRAME.size), size
            place += length
            state = state_after


def _sum(state: tuple[int, int], rows: Words) -> list[tuple[int, int]]:
    """The checksum after each row of words, from a state on.

    A pair of words a, b takes the sums (s, t) to (s + t + a, s + 2t + a + b), modulo 2³²: an affine map, so a whole row
    is one product with the powers of its matrix.
    """
    weights, power = _weights(rows.shape[1] // 2)
    added = rows.astype(np.uint32) @ weights
    states = []
    for first, second in added.tolist():
        state = (
            (power[0][0] * state[0] + power[0][1] * state[1] + first) % 2**32,
            (power[1][0] * state[0] + power[1][1] * state[1] + second) % 2**32,
        )
        states.append(state)
    return states


@cache
def _weights(pairs: int) -> tuple[Words, tuple[tuple[int, int], tuple[int, int]]]:
    """What each word of a row counts in the two sums, shape (2 · pairs, 2), and the matrix for the sums before."""
    weights = np.empty((pairs, 2, 2), dtype=np.uint32)
    power = ((1, 0), (0, 1))
    for pair in reversed(range(pairs)):
        (a, b), (c, d) = power
        weights[pair] = (((a + b) % 2**32, (c + d) % 2**32), (b, d))
        power = (((a + b) % 2**32, (a + 2 * b) % 2**32), ((c + d) % 2**32, (c + 2 * d) % 2**32))
    return weights.reshape(2 * pairs, 2), power

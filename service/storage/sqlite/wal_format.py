"""Parser of SQLite's write-ahead log: the page number of each valid frame.

Format: sqlite.org/fileformat.html, section 4. Frames are valid up to the first one with other salts than the header's
or with a wrong checksum. SQLite uses the valid frames up to the last one that ends a transaction.

The parser needs no SQLite connection. Closing a file releases the locks of all SQLite connections that the process has
to it, so the process must have none.
"""

import struct
from collections.abc import Iterator
from functools import cache
from typing import IO, Any, NamedTuple

import numpy as np

HEADER = struct.Struct(">I4xI4x8s8s")
"""Magic, page size, salts, checksum of the preceding fields."""
FRAME = struct.Struct(">II8s8s")
"""Page number, length of the file in pages after a commit (0 in a frame that ends no transaction), salts, checksum."""
MAGIC = 0x377F0682
"""The lowest bit is the byte order of the checksums: 0 for little-endian, 1 for big-endian."""
BATCH = 256
Words = np.ndarray[Any, np.dtype[np.uint32]]


class Frame(NamedTuple):
    """A valid frame: page number, and byte offset of the page's content in the log."""

    page: int
    offset: int


class Log(NamedTuple):
    """Committed part of a log. `page_size` is in bytes; `pages` is the length of the file after the last commit."""

    page_size: int
    pages: int
    frames: list[Frame]


def read_log(log: IO[bytes]) -> Log | None:
    """The committed part of a log; None if there is no valid commit."""
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
    """The valid frames, each with its length of the file in pages (0 in a frame that ends no transaction)."""
    length = FRAME.size + page_size
    offset = HEADER.size
    while content := log.read(BATCH * length):
        count = len(content) // length
        rows = np.frombuffer(content[: count * length], dtype=np.uint8).reshape(count, length)
        # The checksum covers the first eight bytes of a frame's header and the page.
        words = np.hstack([rows[:, :8], rows[:, FRAME.size :]]).view(order + "u4")
        for row, state_after in zip(rows, _sum(state, words), strict=True):
            page, size, own_salts, checksum = FRAME.unpack(row[: FRAME.size].tobytes())
            if own_salts != salts or struct.unpack(">II", checksum) != state_after:
                return
            yield Frame(page, offset + FRAME.size), size
            offset += length
            state = state_after


def _sum(state: tuple[int, int], rows: Words) -> list[tuple[int, int]]:
    """The cumulative checksum after each row of words, starting from `state`.

    A pair of words a, b maps the sums (s, t) to (s + t + a, s + 2t + a + b), modulo 2³². The map is affine, so a row is
    one product with the powers of its matrix.
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
    """Weights of a row's words in the two sums, shape (2 · pairs, 2), and the matrix for the previous sums."""
    weights = np.empty((pairs, 2, 2), dtype=np.uint32)
    power = ((1, 0), (0, 1))
    for pair in reversed(range(pairs)):
        (a, b), (c, d) = power
        weights[pair] = (((a + b) % 2**32, (c + d) % 2**32), (b, d))
        power = (((a + b) % 2**32, (a + 2 * b) % 2**32), ((c + d) % 2**32, (c + 2 * d) % 2**32))
    return weights.reshape(2 * pairs, 2), power

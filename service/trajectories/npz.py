"""Writer of a trajectory as NPZ, the file of `numpy.load`: a zip with an array for each column, in pieces.

The numbers are those of the database, bit by bit: one that is not finite stays, one that does not apply is NaN.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from service.trajectories.export import by_column, shape_of
from service.trajectories.slicing import View

STEP, VALUE = np.dtype("<i8"), np.dtype("<f8")


def as_npz(view: View) -> Iterator[bytes]:
    """The arrays `parameters`, the names of θ's components, then one of each field; `theta` has shape (steps, p)."""
    written = _Written()
    with ZipFile(written, "w", ZIP_STORED) as archive:
        names = np.array(view.parameters, dtype=np.str_)
        yield from _array(archive, written, "parameters", names.dtype, names.shape, [names])
        for field, parts in by_column(view):
            dtype = STEP if field == "step" else VALUE
            yield from _array(archive, written, field, dtype, shape_of(view, field), parts)
    yield written.taken()


def _array(
    archive: ZipFile,
    written: "_Written",
    name: str,
    dtype: "np.dtype[Any]",
    shape: Sequence[int],
    parts: Iterator[Any] | Sequence[Any],
) -> Iterator[bytes]:
    """Writes an array and yields the bytes of the archive so far."""
    entry = ZipInfo(f"{name}.npy")  # without the time: equal trajectories have equal files
    with archive.open(entry, "w", force_zip64=True) as member:
        head = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
        npy.write_array_header_1_0(member, head)
        for part in parts:
            member.write(np.ascontiguousarray(part, dtype=dtype).tobytes())
            yield written.taken()


class _Written(io.RawIOBase):
    """Takes the bytes of an archive that is sent while it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._bytes += piece
        return len(piece)

    def taken(self) -> bytes:
        """The bytes since the last call."""
        found = bytes(self._bytes)
        self._bytes.clear()
        return found

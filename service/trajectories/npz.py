"""Writer of a trajectory as NPZ, the file of `numpy.load`: a zip with an array for each column, in pieces.

The numbers are those of the database, bit by bit: one that is not finite stays, one that does not apply is NaN.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from service.trajectories.export import by_column, shape_of
from service.trajectories.sent_file import SentFile
from service.trajectories.slicing import View

STEP, VALUE = np.dtype("<i8"), np.dtype("<f8")


def as_npz(view: View) -> Iterator[bytes]:
    """The arrays `parameters`, the names of θ's components, then one of each field; `theta` has shape (steps, p)."""
    written = SentFile()
    with ZipFile(written, "w", ZIP_STORED) as archive:
        names = np.array(view.parameters, dtype=np.str_)
        yield from write_array(archive, written, "parameters", names.dtype, names.shape, [names])
        for field, parts in by_column(view):
            dtype = STEP if field == "step" else VALUE
            yield from write_array(archive, written, field, dtype, shape_of(view, field), parts)
    yield written.taken()


def write_array(
    archive: ZipFile,
    written: SentFile,
    name: str,
    dtype: "np.dtype[Any]",
    shape: Sequence[int],
    parts: Iterator[Any] | Sequence[Any],
) -> Iterator[bytes]:
    """Writes an array, the parts of its rows, and yields the bytes of the archive so far."""
    entry = ZipInfo(f"{name}.npy")  # without the time: equal trajectories have equal files
    with archive.open(entry, "w", force_zip64=True) as member:
        head = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
        npy.write_array_header_1_0(member, head)
        for part in parts:
            member.write(np.ascontiguousarray(part, dtype=dtype).tobytes())
            yield written.taken()

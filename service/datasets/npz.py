"""Uploaded NPZ, the file of `numpy.savez(file, x=x, y=y)`, as the JSON of the same data.

A few bytes of a zip, or of an array's header, can claim any size: sizes are checked before anything is allocated.
Each value counts as a number of JSON, however small it is in the file.
"""

from collections.abc import Mapping
from io import BytesIO
from lzma import LZMAError
from math import prod
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - an exception

import numpy as np
import orjson
from numpy.lib import format as npy

from service.core.exceptions import InvalidError
from service.core.name_hints import listed

SAVE = "Write it by numpy.savez(file, x=x, y=y), with feature_names and target_name if you like."
NUMBERS, TEXTS = "biuf", "U"
"""Kinds of numpy's types."""
NUMBER_BYTES = 8
DAMAGE = (
    *(BadZipFile, ZlibError, LZMAError, EOFError, OSError, KeyError, NotImplementedError),
    *(RuntimeError, TypeError, ValueError, OverflowError),
)
"""What zipfile, its decompressors and numpy raise for a file that is no NPZ."""
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
Array = np.ndarray[Any, Any]


def as_json(content: bytes, most_bytes: int) -> bytes:
    """The body of POST /datasets as JSON, where NaN is null. Raises InvalidError.

    `most_bytes` is the limit of each array.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}
            found = {name: _array(archive, members[name], name, most_bytes) for name in _names(members)}
    except DAMAGE:
        raise _fault("The file is no NPZ, or damaged.", SAVE) from None
    values = {name: _values(name, each) for name, each in found.items()}
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError:
        raise _fault("A name or a label of the file is no text in Unicode.", SAVE) from None


def _names(members: Mapping[str, ZipInfo]) -> list[str]:
    """The arrays to read. Raises InvalidError unless x and y are there."""
    if not {"x", "y"} <= set(members):
        raise _fault(f"The file has no arrays x and y; it has {listed(list(members)) or 'none'}.", SAVE)
    return [name for name in ("x", "y", "feature_names", "target_name") if name in members]


def _array(archive: ZipFile, member: ZipInfo, name: str, most_bytes: int) -> Array:
    """An array. Raises InvalidError for a wrong type or size, and what numpy and zipfile raise for damage."""
    with archive.open(member) as opened:
        file = BytesIO(opened.read(most_bytes + 1))
    shape, _, dtype = HEADERS[npy.read_magic(file)](file)
    if dtype.kind not in NUMBERS + TEXTS:
        raise _fault(
            f"The array {name} has the type {dtype}, not numbers or texts.", "Convert it: array.astype(float)."
        )
    if 0 in (dtype.itemsize, *shape):
        raise _fault(f"The array {name} is empty.", SAVE)
    if (size := prod(shape) * max(dtype.itemsize, NUMBER_BYTES)) > most_bytes:
        raise _fault(f"The array {name} has {size:,} bytes; the limit is {most_bytes:,}.", "Send fewer rows.")
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def _values(name: str, found: Array) -> object:
    """The values as JSON has them. Raises InvalidError for infinity."""
    if name == "target_name":
        return str(found.ravel()[0]) if found.size == 1 else found.tolist()
    if found.dtype.kind in TEXTS:
        return found.tolist()
    if found.dtype.kind == "f":
        with np.errstate(over="ignore"):  # a longer number may be beyond the range of these
            found = found.astype(np.float64)
    if found.dtype.kind == "f" and np.isinf(found).any():
        place = ", ".join(map(str, np.argwhere(np.isinf(found))[0]))
        raise _fault(f"The array {name} is infinite at [{place}].", "Give finite numbers; NaN is a missing value.")
    if name == "x" and found.ndim == 1:
        found = found[:, None]
    if name == "y" and found.ndim > 1 and found.size == len(found):
        found = found.ravel()
    # orjson takes native types alone, and a truth value is 0 or 1.
    return np.ascontiguousarray(found, dtype={"f": np.float64, "u": np.uint64}.get(found.dtype.kind, np.int64))


def _fault(message: str, hint: str) -> InvalidError:
    return InvalidError([{"message": message, "hint": hint}])

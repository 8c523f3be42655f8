"""NPZ: an upload, the file of `numpy.savez(file, x=x, y=y)`, as the JSON of the same data; and rows of features.

A few bytes of a zip, or of an array's header, can claim any size: sizes are checked before anything is allocated.
Each value counts as a number of JSON, however small it is in the file.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from lzma import LZMAError
from math import prod
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - an exception

import numpy as np
import orjson
from numpy.lib import format as npy

from service.core.dataset_record import Rows
from service.core.exceptions import InvalidError
from service.core.name_hints import listed

SAVE = "Write it by numpy.savez(file, x=x, y=y), with feature_names and target_name if you like."
SAVE_ROWS = "Write it by numpy.savez(file, x=x)."
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
    found = _arrays(BytesIO(content), _of_dataset, most_bytes, SAVE)
    values = {name: _values(name, each) for name, each in found.items()}
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError:
        raise _fault("A name or a label of the file is no text in Unicode.", SAVE) from None


def features_of(file: BinaryIO, most_bytes: int) -> Rows:
    """The array x of `numpy.savez(file, x=x)`: numbers of shape (n, d), or (n,) for one feature. Raises InvalidError.

    `most_bytes` is the limit of the array.
    """
    x = _arrays(file, _of_features, most_bytes, SAVE_ROWS)["x"]
    if x.dtype.kind in TEXTS:
        raise _fault(f"The array x has the type {x.dtype}, not numbers.", "Convert it: x.astype(float).")
    if x.ndim not in (1, 2):
        raise _fault(f"The array x has {x.ndim} dimensions.", "Give a row of features for each prediction.")
    with np.errstate(over="ignore"):  # a longer number may be beyond the range of these
        found = x.astype(np.float64, order="C").reshape(len(x), -1)
    if not np.isfinite(found).all():
        place = ", ".join(map(str, np.argwhere(~np.isfinite(found))[0]))
        raise _fault(f"The array x has no finite number at [{place}].", "Leave this row out, or give a number.")
    return found


def _arrays(
    file: BinaryIO, choose: Callable[[Mapping[str, ZipInfo]], list[str]], most_bytes: int, hint: str
) -> dict[str, Array]:
    """The arrays whose names `choose` takes. Raises InvalidError, for what is no NPZ with the hint."""
    try:
        with ZipFile(file) as archive:
            members = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}
            return {name: _array(archive, members[name], name, most_bytes) for name in choose(members)}
    except DAMAGE:
        raise _fault("The file is no NPZ, or damaged.", hint) from None


def _of_features(members: Mapping[str, ZipInfo]) -> list[str]:
    if "x" not in members:
        raise _fault(f"The file has no array x; it has {listed(list(members)) or 'none'}.", SAVE_ROWS)
    return ["x"]


def _of_dataset(members: Mapping[str, ZipInfo]) -> list[str]:
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

"""Many rows of features as NPZ, eight bytes a number, and their predictions as CSV."""

import csv
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from service.client.data import JsonObject, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MANY_VALUES = 200_000
"""The most numbers of a request in JSON: some MB."""
PIECE_VALUES = 1_000_000
"""The most numbers of a request in NPZ, half of what the service takes by default."""
HEADERS = {"Content-Type": "application/x-npz", "Accept": "text/csv"}


def many_rows(x: Any) -> "npt.NDArray[np.float64] | None":
    """The rows as an array of shape (n, d), or (n,), if they are many and finite numbers; of others JSON has the places
    of the faults.
    """
    import numpy as np  # noqa: PLC0415 - takes a tenth of a second to import

    try:
        found = np.asarray(x.to_numpy() if isinstance(x, Table) else x)
    except ValueError:  # rows of several lengths
        return None
    if found.dtype.kind not in "biuf" or found.ndim not in (1, 2) or found.size <= MANY_VALUES:
        return None
    numbers = found.astype(np.float64, copy=False)
    return numbers if bool(np.isfinite(numbers).all()) else None


def npz_pieces(x: "npt.NDArray[np.float64]") -> Iterator[bytes]:
    """The files of the rows, as many rows in each as one request may have."""
    import numpy as np  # noqa: PLC0415

    height = max(1, PIECE_VALUES * len(x) // x.size)
    for first in range(0, len(x), height):
        file = BytesIO()
        np.savez(file, x=x[first : first + height])
        yield file.getvalue()


def predictions_of(content: bytes, classes: Sequence[str | int] | None) -> JsonObject:
    """The predictions of an answer in CSV as those of JSON."""
    lines = csv.reader(StringIO(content.decode(), newline=""))
    next(lines)
    if not classes:
        return {"y": [float(cell) if cell else None for (cell,) in lines]}
    labels, rows = {str(label): label for label in classes}, list(lines)
    return {
        "y": [labels[row[0]] for row in rows],
        "probabilities": [[float(cell) if cell else None for cell in row[1:]] for row in rows],
    }

"""Writer of a trajectory as Parquet, in row groups that are sent as they are written.

The columns are those of CSV: `step`, one of each component of θ, then the criteria. The numbers are those of the
database, bit by bit; NaN, which says that a number does not apply, is null.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from service.trajectories.export import column_names
from service.trajectories.sent_file import SentFile
from service.trajectories.slicing import Steps, View

GROUP_VALUES, LEAST_ROWS, MOST_COLUMNS = 1 << 17, 1024, 512
"""Values of a row group, a MiB, and its least rows. Readers take whole groups. A writer that waits keeps up to one, of
at most 4 MiB, and some facts about each column of each group before.
"""
Block = tuple[Steps, Any]
"""Numbers of steps, and an array of shape (columns, steps)."""


def as_parquet(view: View) -> Iterator[bytes]:
    """A file of row groups with about GROUP_VALUES values each, of at most MOST_COLUMNS columns."""
    names = column_names(view)
    schema = pa.schema([(name, pa.int64() if name == "step" else pa.float64()) for name in names])
    file = SentFile()
    waiting: list[Block] = []
    # The numbers of a descent hardly repeat: a dictionary of them would be larger than they are.
    with parquet.ParquetWriter(file, schema, use_dictionary=False) as writer:
        for block in view.blocks():
            waiting.append(block)
            del block  # a generator that waits keeps its variables
            if sum(len(steps) for steps, _ in waiting) >= max(LEAST_ROWS, GROUP_VALUES // len(names)):
                writer.write_table(_table(view, waiting, schema))
                waiting.clear()
            yield file.taken()
        if waiting:
            writer.write_table(_table(view, waiting, schema))
    yield file.taken()


def _table(view: View, blocks: Sequence[Block], schema: pa.Schema) -> pa.Table:
    rows = np.concatenate([rows for _, rows in blocks], axis=1)
    columns: list[pa.Array] = []
    for field in view.fields:
        if field == "step":
            columns.append(pa.array(np.concatenate([np.asarray(steps, np.int64) for steps, _ in blocks])))
        else:
            of_field = range(len(view.parameters)) if field == "theta" else [view.row_of(field)]
            columns += [pa.array(rows[row], from_pandas=True) for row in of_field]
    return pa.table(columns, schema=schema)

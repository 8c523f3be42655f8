"""Whether the chunks of a dataset or a run are all there, in order, and hold what was written."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from service.storage import datasets
from service.storage.integrity.run_invariants import broken_rules
from service.storage.tables import dataset_chunks, trajectory_chunks

_ROWS = select(dataset_chunks, dataset_chunks.c.first_row.label("first")).order_by(dataset_chunks.c.first_row)
_STEPS = select(trajectory_chunks, trajectory_chunks.c.first_step.label("first"))
_STEPS = _STEPS.order_by(trajectory_chunks.c.first_step)


def of_dataset(connection: Connection, dataset: Any) -> Iterator[str]:
    """What is wrong with a dataset."""
    digest = datasets.begun_digest(dataset.features, dataset.target, dataset.labels if dataset.text_target else None)
    query = _ROWS.where(dataset_chunks.c.dataset_seq == dataset.seq).execution_options(yield_per=1)
    sound = True
    for message in _wrong(
        connection.execute(query),
        "row",
        len(dataset.features) + 1,
        dataset.rows,
        lambda chunk: digest.update(chunk.data),
    ):
        sound = False
        yield message
    if sound and digest.hexdigest() != dataset.sha256:
        yield "Its content is not what its SHA-256 was made of."


def of_run(connection: Connection, run: Any) -> Iterator[str]:
    """What is wrong with a run. One that verifies another has no steps, and one that is being deleted not all."""
    yield from (f"The run {told}." for told in broken_rules(run))
    if run.verifies is not None:
        return
    width = len(run.parameters) + len(run.columns)
    digest = hashlib.sha256()

    def add(chunk: Any) -> None:
        digest.update(np.frombuffer(chunk.data, dtype="<f8").reshape(width, chunk.rows).tobytes("F"))

    query = _STEPS.where(trajectory_chunks.c.run_seq == run.seq).execution_options(yield_per=1)
    sound = True
    for message in _wrong(connection.execute(query), "step", width, run.rows_done, add):
        sound = False
        yield message
    # Runs of earlier versions have no digest.
    if sound and run.trajectory_sha256 is not None and digest.hexdigest() != run.trajectory_sha256:
        yield "Its trajectory is not what its SHA-256 was made of."


def _wrong(chunks: Iterable[Any], unit: str, width: int, total: int, add: Callable[[Any], None]) -> Iterator[str]:
    """What is wrong with chunks of `width` numbers a row that should hold the rows from 0 to `total`."""
    expected = 0
    for chunk in chunks:
        if chunk.first > expected:
            yield f"Between {unit} {expected} and {unit} {chunk.first} is a gap."
        elif chunk.first < expected:
            yield f"What begins at {unit} {chunk.first} is stored twice."
        if zlib.crc32(chunk.data) != chunk.checksum:
            yield f"What begins at {unit} {chunk.first} is damaged: its checksum is wrong."
        elif len(chunk.data) != 8 * width * chunk.rows:
            yield f"What begins at {unit} {chunk.first} has not the length of {chunk.rows} {unit}s."
        else:
            add(chunk)
        expected = max(expected, chunk.first + chunk.rows)
    if expected != total:
        yield f"There are {expected} {unit}s, and there should be {total}."

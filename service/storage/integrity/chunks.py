"""Whether the chunks of a dataset or a run are all there, in order, and hold what was written."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from sqlalchemy import Connection, select

from service.core.dataset_record import Dataset
from service.core.run_record import Run
from service.storage import datasets
from service.storage.chunk import Chunk
from service.storage.integrity.run_invariants import broken_rules
from service.storage.tables import dataset_chunks, trajectory_chunks

_ROWS = select(*(dataset_chunks.c[name] for name in ("first_row", "rows", "data", "checksum")))
_ROWS = _ROWS.order_by(dataset_chunks.c.first_row).execution_options(yield_per=1)
_STEPS = select(*(trajectory_chunks.c[name] for name in ("first_step", "rows", "data", "checksum")))
_STEPS = _STEPS.order_by(trajectory_chunks.c.first_step).execution_options(yield_per=1)


def of_dataset(connection: Connection, dataset: Dataset) -> Iterator[str]:
    """What is wrong with a dataset."""
    labels = [str(label) for label in dataset.labels or ()] if dataset.text_target else None
    digest = datasets.begun_digest(dataset.features, dataset.target, labels)
    rows = connection.execute(_ROWS.where(dataset_chunks.c.dataset_seq == dataset.seq))
    sound = True
    for message in _wrong(
        map(Chunk.from_row, rows),
        "row",
        len(dataset.features) + 1,
        dataset.rows,
        lambda chunk: digest.update(chunk.data),
    ):
        sound = False
        yield message
    if sound and digest.hexdigest() != dataset.sha256:
        yield "Its content is not what its SHA-256 was made of."


def of_run(connection: Connection, run: Run, *, has_checkpoint: bool) -> Iterator[str]:
    """What is wrong with a run. One that verifies another has no steps, and one that is being deleted not all."""
    yield from (f"The run {told}." for told in broken_rules(run, has_checkpoint=has_checkpoint))
    if run.verifies is not None or run.deleted_at is not None:
        return
    digest = hashlib.sha256()

    def add(chunk: Chunk) -> None:
        digest.update(np.frombuffer(chunk.data, dtype="<f8").reshape(run.width, chunk.rows).tobytes("F"))

    steps = connection.execute(_STEPS.where(trajectory_chunks.c.run_seq == run.seq))
    sound = True
    for message in _wrong(map(Chunk.from_row, steps), "step", run.width, run.rows_done, add):
        sound = False
        yield message
    # Runs of earlier versions have no digest.
    if sound and run.trajectory_sha256 is not None and digest.hexdigest() != run.trajectory_sha256:
        yield "Its trajectory is not what its SHA-256 was made of."


def _wrong(chunks: Iterable[Chunk], unit: str, width: int, total: int, add: Callable[[Chunk], None]) -> Iterator[str]:
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

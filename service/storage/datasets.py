"""Storage of datasets: float64 rows in chunks of a few MiB, addressed by content.

A dataset is immutable. An inline dataset exists as long as a run uses it. An uploaded dataset exists until it is
deleted.
"""

import hashlib
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, Select, bindparam, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import sqlite

from service.core.dataset_record import Column, ColumnKind, Dataset, Labels, ReportEntry, Rows, in_order
from service.storage import damaged_rows
from service.storage.chunk import Chunk, chunk_fields, end_before
from service.storage.damaged_rows import Remains
from service.storage.errors import CorruptError, GoneError
from service.storage.ownership import is_seen_by_owner, newest
from service.storage.sqlite.row_checksums import is_damaged, is_sound, is_sound_or_fails
from service.storage.tables import dataset_chunks, datasets, runs

CHUNK_BYTES = 4 * 1024 * 1024
ROW_BYTES = 300
"""The ids and the index entries of a dataset."""

# Built once: SQLAlchemy builds a statement several times slower than SQLite runs it.
_IS_OWN = is_seen_by_owner(datasets)
_RECORDS = select(*(datasets.c[name] for name in Dataset._fields), is_sound_or_fails(datasets).label("is_sound"))
# The data of deleted runs stays until their purge, which no client sees.
_IS_USED = exists(select(runs.c.seq).where(runs.c.dataset_seq == datasets.c.seq, runs.c.deleted_at.is_(None)))
# A damaged row may say by mistake that it is not uploaded.
_IS_SHOWN = or_(datasets.c.uploaded, _IS_USED, is_damaged(datasets))
_BY_ID = _RECORDS.where(datasets.c.id == bindparam("dataset_id"), _IS_OWN, _IS_SHOWN)
_LATEST = newest(_RECORDS.where(datasets.c.uploaded), datasets)
_KNOWN = select(datasets.c.seq, datasets.c.uploaded, datasets.c.owner, is_sound(datasets).label("is_sound"))
_KNOWN = _KNOWN.where(datasets.c.id == bindparam("dataset_id"))
_START = func.coalesce(end_before(dataset_chunks, dataset_chunks.c.dataset_seq, dataset_chunks.c.first_row), 0)
_ADD = sqlite.insert(datasets).on_conflict_do_nothing(index_elements=["id"]).returning(datasets.c.seq)
# A damaged chunk may have the seq of a dataset that did not exist yet.
_ADD_CHUNK = insert(dataset_chunks).prefix_with("OR REPLACE")

_THIS = (datasets.c.seq == bindparam("of_dataset"), datasets.c.uploaded.is_not(True))
_OF_DATASET = select(runs.c.seq).where(runs.c.dataset_seq == bindparam("of_dataset"))
_REMOVE_UNUSED = delete(datasets).where(*_THIS, ~exists(_OF_DATASET))
_LISTED = _OF_DATASET.where(runs.c.deleted_at.is_(None))
_HEIR = _LISTED.with_only_columns(runs.c.owner).order_by(runs.c.seq).limit(1).scalar_subquery()
_HAS_OWN_RUN = exists(_LISTED.where(runs.c.owner == datasets.c.owner))
_PASS_ON = (
    update(datasets).where(*_THIS, datasets.c.owner.is_not(None), ~_HAS_OWN_RUN, _HEIR.is_not(None)).values(owner=_HEIR)
)


@dataclass(frozen=True)
class NewDataset:
    """Description of a dataset before storage. `sha256` depends on the content, `id` on content and owner.

    The content is the rows, what they mean, and the choice of features and target.
    """

    id: str
    sha256: str
    name: str | None
    rows: int
    features: list[str]
    target: str
    labels: Labels | None
    text_target: bool
    columns: list[Column]
    report: list[ReportEntry] = field(default_factory=list)
    owner: str | None = None

    @cached_property
    def stored_bytes(self) -> int:
        """Size of the rows and of the description: names, labels, columns. The indexes of a dataset take ROW_BYTES."""
        description = orjson.dumps([self.name, self.features, self.target, self.labels, self.columns, self.report])
        return 8 * self.rows * len(self.columns) + len(description) + ROW_BYTES


def begun_digest(
    features: Sequence[str],
    target: str,
    names: Sequence[str],
    kinds: Sequence[ColumnKind],
    categories: Sequence[list[str] | None],
    missing: Sequence[int],
) -> "hashlib._Hash":
    """SHA-256 of a dataset's header. The caller adds the rows as row-major little-endian float64.

    The header has what the rows mean, and the default choice. It is short if the columns are the features and the
    target: earlier versions kept no other columns, and the ids of their datasets stay the same.
    """
    is_plain = in_order(features, target, names) and not any(missing) and not any(categories[:-1])
    meanings = categories[-1] if is_plain else list(zip(names, kinds, categories, missing, strict=True))
    return hashlib.sha256(orjson.dumps([features, target, meanings]))


def find(connection: Connection, dataset_id: str, owner: str | None = None) -> Dataset | None:
    """The dataset with this id, of one owner or of any owner for None; "latest" is the newest uploaded dataset."""
    query = _LATEST.of(owner) if dataset_id == "latest" else _BY_ID
    fields = damaged_rows.one(connection, query, {"dataset_id": dataset_id, "owner": owner})
    return None if fields is None else Dataset.from_row(fields)


def find_readable(connection: Connection, dataset_id: str, owner: str | None = None) -> Dataset | Remains | None:
    """The dataset as `find` does, or the remains of a damaged one."""
    query = _LATEST.of(owner) if dataset_id == "latest" else _BY_ID
    if damaged_rows.is_stand_in(dataset_id):
        query = _RECORDS.where(damaged_rows.has_id(datasets, dataset_id), _IS_OWN)
    return next(_readable(connection, query, {"dataset_id": dataset_id, "owner": owner}), None)


def rename(connection: Connection, seq: int, name: str | None) -> None:
    """Gives a dataset another name."""
    connection.execute(update(datasets).where(datasets.c.seq == seq).values(name=name))


def _readable(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> Iterator[Dataset | Remains]:
    return damaged_rows.readable(connection, query, values, datasets, Dataset.from_row, lambda remains: remains)


def find_by_seq(connection: Connection, seq: int) -> Dataset:
    """The dataset with this seq, which must exist. Raises CorruptError."""
    fields = damaged_rows.one(connection, _RECORDS.where(datasets.c.seq == seq), {})
    assert fields is not None  # noqa: S101 - the transaction has found or created it
    return Dataset.from_row(fields)


def page(
    connection: Connection, *, limit: int, before: int | None, owner: str | None = None
) -> Iterator[Dataset | Remains]:
    """Lazy iterator over the newest uploaded datasets with seq < `before`, of one owner or of all owners for None.

    Of a damaged dataset it gives the remains.
    """
    query = _RECORDS.where(datasets.c.uploaded).order_by(datasets.c.seq.desc()).limit(limit)
    if owner is not None:
        query = query.where(datasets.c.owner == owner)
    if before is not None:
        query = query.where(datasets.c.seq < before)
    return _readable(connection, query, {})


def add(connection: Connection, new: NewDataset, blocks: Iterable[Rows], *, uploaded: bool) -> int:
    """Stores a dataset unless a dataset with this id exists, and returns its seq.

    `blocks` are C-contiguous arrays of shape (k, columns). Raises CorruptError if the existing dataset is damaged.
    """
    values = {**row_of(new), "uploaded": uploaded}
    seq: int | None = connection.execute(_ADD, values).scalar_one_or_none()
    if seq is None:
        return keep_known(connection, new, uploaded=uploaded)
    for chunk in _chunks(blocks):
        add_chunk(connection, seq, chunk)
    return seq


def row_of(new: NewDataset) -> dict[str, Any]:
    """The row of a new dataset that is not uploaded."""
    return {**vars(new), "stored_bytes": new.stored_bytes, "uploaded": False, "created_at": time.time()}


def add_chunk(connection: Connection, seq: int, chunk: Mapping[str, Any]) -> None:
    """Stores a chunk of `batches`."""
    connection.execute(_ADD_CHUNK, {**chunk, "dataset_seq": seq})


def is_known(connection: Connection, dataset_id: str) -> bool:
    """Whether a dataset with this id is stored, even one that no client sees."""
    return connection.execute(_KNOWN, {"dataset_id": dataset_id}).one_or_none() is not None


def keep_known(connection: Connection, new: NewDataset, *, uploaded: bool) -> int:
    """The seq of the stored dataset with this id. An upload of an inline dataset makes it an uploaded one."""
    known = connection.execute(_KNOWN, {"dataset_id": new.id}).one()
    if not known.is_sound:
        raise CorruptError(f"Dataset {new.id} is damaged. Delete the runs that use it, and the dataset.")
    known_dataset = update(datasets).where(datasets.c.seq == known.seq)
    if known.owner != new.owner:  # it was passed on
        connection.execute(known_dataset.values(owner=new.owner))
    if uploaded and not known.uploaded:
        connection.execute(known_dataset.values(uploaded=True, name=new.name))
    return int(known.seq)


def read(connection: Connection, dataset: Dataset, first: int = 0, last: int | None = None) -> Iterator[Rows]:
    """The rows `first` to `last`, inclusive, as one array of shape (k, columns) a chunk.

    Raises CorruptError on a wrong checksum or a gap, GoneError for a dataset that was deleted since.
    """
    last = dataset.rows - 1 if last is None else last
    query = (
        select(*chunk_fields(dataset_chunks, dataset_chunks.c.first_row), _START)
        .where(dataset_chunks.c.dataset_seq == dataset.seq)
        .where(dataset_chunks.c.first_row <= last, dataset_chunks.c.first_row + dataset_chunks.c.rows > first)
        .order_by(dataset_chunks.c.first_row)
        .execution_options(yield_per=1)
    )
    expected = first
    for *row, start in connection.execute(query):
        chunk = Chunk.from_row(row)
        if not chunk.is_whole(dataset.width) or not start == chunk.first <= expected:
            raise CorruptError(
                f"Dataset {dataset.id} is damaged at row {expected}: its checksum or its place is wrong."
            )
        block = np.frombuffer(chunk.data, dtype="<f8").reshape(chunk.rows, -1)
        yield block[expected - chunk.first : last + 1 - chunk.first]
        expected = min(chunk.first + chunk.rows, last + 1)
    if expected != last + 1:
        if connection.execute(select(datasets.c.seq).where(datasets.c.seq == dataset.seq)).one_or_none() is None:
            raise GoneError("The dataset was deleted just now.")
        raise CorruptError(f"Dataset {dataset.id} is damaged: it has no row {expected}.")


def uses(connection: Connection, dataset_seq: int, owner: str | None) -> int:
    """Number of runs on the dataset, of one owner or of all owners for None; without verifications and deleted runs."""
    query = select(func.count()).select_from(runs).where(runs.c.dataset_seq == dataset_seq, runs.c.deleted_at.is_(None))
    if owner is not None:
        query = query.where(runs.c.owner == owner)
    return int(connection.execute(query.where(runs.c.verifies.is_(None))).scalar_one())


def remove(connection: Connection, dataset_seq: int) -> None:
    """Deletes an uploaded dataset for its owner. The runs of others, and runs to be purged, keep its rows.

    The id of a damaged one is free at once.
    """
    other_id = case((is_damaged(datasets), func.printf("removed-%d", datasets.c.seq)), else_=datasets.c.id)
    hidden = update(datasets).where(datasets.c.seq == dataset_seq).values(uploaded=False, name=None, id=other_id)
    connection.execute(hidden)
    release(connection, dataset_seq)


def release(connection: Connection, dataset_seq: int) -> None:
    """Deletes a dataset without runs, unless it is uploaded. A run to be purged keeps it.

    A dataset that only others use, such as the fork of an administrator, passes to the owner of the oldest of these
    runs: the former owner no longer sees it, and its bytes count for the new one.
    """
    for statement in (_REMOVE_UNUSED, _PASS_ON):
        connection.execute(statement, {"of_dataset": dataset_seq})


def batches(blocks: Iterable[Rows]) -> Iterator[list[dict[str, Any]]]:
    """The chunks of a dataset, in lists of at most 1.5 times CHUNK_BYTES."""
    batch: list[dict[str, Any]] = []
    for chunk in _chunks(blocks):
        batch.append(chunk)
        if sum(len(each["data"]) for each in batch) > CHUNK_BYTES // 2:
            yield batch
            batch = []
    if batch:
        yield batch


def _chunks(blocks: Iterable[Rows]) -> Iterator[dict[str, Any]]:
    """The columns of each chunk, without the dataset."""
    first_row = 0
    for block in blocks:
        rows = max(1, CHUNK_BYTES // (8 * block.shape[1]))
        for first in range(0, len(block), rows):
            part = block[first : first + rows]
            data = part.astype("<f8", copy=False).tobytes()
            yield {"first_row": first_row, "rows": len(part), "data": data, "checksum": zlib.crc32(data)}
            first_row += len(part)

"""Storage of an uploaded dataset: a small one in one transaction, a large one in many short ones."""

import time
from contextlib import suppress

from sqlalchemy import Connection

from service.core.dataset_record import Dataset
from service.core.exceptions import UnavailableError
from service.datasets.ingest import Incoming
from service.jobs.quotas import Quotas
from service.storage import dataset_uploads, datasets
from service.storage.database import Database
from service.storage.datasets import NewDataset
from service.storage.errors import GoneError
from service.storage.essential_write import essential_write


def store_upload(incoming: Incoming, database: Database, quotas: Quotas) -> Dataset:
    """The stored dataset, or the existing one with the same content.

    Raises ConflictError or InsufficientStorageError for an exhausted quota or disk.
    """
    new = incoming.described
    with database.writing() as connection:
        _admit(connection, new, new.stored_bytes, quotas)
        if new.stored_bytes <= datasets.CHUNK_BYTES or datasets.is_known(connection, new.id):
            seq = datasets.add(connection, new, incoming.blocks(), uploaded=True)
            return datasets.find_by_seq(connection, seq)
        seq = dataset_uploads.begin(connection, new)
    try:
        return _store_rows(incoming, seq, database, quotas)
    except BaseException as error:
        with suppress(Exception):  # the purge finds it once it is stale
            essential_write(database, lambda connection: dataset_uploads.discard(connection, seq))
        if isinstance(error, GoneError):
            raise UnavailableError("Storing the rows took too long. Try again.") from error
        raise


def _store_rows(incoming: Incoming, seq: int, database: Database, quotas: Quotas) -> Dataset:
    """Fills the hidden dataset and publishes it. After each write, the lock is free for as long as the write took."""
    new = incoming.described
    missing = new.stored_bytes
    for chunks in datasets.batches(incoming.blocks()):
        with database.writing() as connection:
            began = time.monotonic()
            quotas.admit_rows(connection, missing)
            dataset_uploads.append(connection, seq, chunks)
        missing -= sum(len(chunk["data"]) for chunk in chunks)
        time.sleep(time.monotonic() - began)
    with database.writing() as connection:
        _admit(connection, new, 0, quotas)  # its bytes count already
        return datasets.find_by_seq(connection, dataset_uploads.publish(connection, seq, new))


def _admit(connection: Connection, new: NewDataset, size: int, quotas: Quotas) -> None:
    found = datasets.find(connection, new.id)
    if found is None or not found.uploaded:
        quotas.admit_dataset(connection, new.owner, size)

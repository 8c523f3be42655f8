"""Zip of a run that reproduces it without the service: request, data, split, steps, and a script of numpy alone."""

from collections.abc import Iterator
from importlib.resources import files
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import orjson

from gd_engine import Split
from gd_engine.arrays import FloatArray
from service.core.column_choice import of_request, select_columns
from service.core.dataset_record import Dataset
from service.core.run_record import Run
from service.engine_adapter.problems import codes_of, split_of_run
from service.storage import datasets, trajectories
from service.storage.database import Database
from service.storage.errors import GoneError
from service.trajectories.npz import STEP, VALUE, write_array
from service.trajectories.sent_file import SentFile

README = """A run of Descent: its request, its data, every step, and a script that recomputes them.

    python recompute.py

The script needs Python and numpy alone. Its first lines say what each file has. It compares each step, the end and the
digest of all steps; θ of step 0, the split and the learning rate of step 0 are taken as they are.
"""
BLOCK_VALUES = 1 << 17
"""Values of a block of rows, a MiB."""


def bundle_of(run: Run, answer: bytes, store: Database) -> Iterator[bytes]:
    """The zip in pieces. `answer` is the run as JSON, for `run.json`.

    Raises GoneError for a run or dataset deleted meanwhile, CorruptError for damaged rows or steps.
    """
    file = SentFile()
    with ZipFile(file, "w") as archive:
        texts = {"README.txt": README.encode(), "run.json": answer, "columns.json": orjson.dumps(_columns(run))}
        for name, text in (texts | script()).items():
            archive.writestr(ZipInfo(name), text, ZIP_DEFLATED)
        steps = (columns.T for _, columns in trajectories.read(store, run.seq, run.width, 0, run.rows_done - 1))
        yield from write_array(archive, file, "trajectory", VALUE, (run.rows_done, run.width), steps)
        if run.dataset_id is not None:
            dataset, split = _data_of(run, store)
            shape = (dataset.rows, len(run.dataset_features) + 1)
            yield from write_array(archive, file, "data", VALUE, shape, _rows(run, dataset, store))
            for part, rows in split._asdict().items():
                yield from write_array(archive, file, part, STEP, rows.shape, [rows])
    yield file.taken()


def _columns(run: Run) -> list[str]:
    return [*(f"theta.{name}" for name in run.parameters), *run.columns]


def script() -> dict[str, bytes]:
    """The files of the script by their names."""
    folder = files("service.analysis") / "bundle_script"
    return {
        each.name: each.read_bytes()
        for each in sorted(folder.iterdir(), key=lambda e: e.name)
        if each.name.endswith(".py")
    }


def _data_of(run: Run, store: Database) -> tuple[Dataset, Split]:
    with store.reading() as connection:
        dataset = datasets.find(connection, run.dataset_id or "")
        if dataset is None:
            raise GoneError("The run was deleted just now, and its data with it.")
        return dataset, split_of_run(connection, run)


def _rows(run: Run, dataset: Dataset, store: Database) -> Iterator[FloatArray]:
    """The features and the target in blocks. A short transaction reads each: a slow client does not hold the log."""
    sources = of_request(dataset, run.request["dataset"]).sources
    height = max(1, BLOCK_VALUES // max(dataset.width, len(run.dataset_features) + 1))
    for first in range(0, dataset.rows, height):
        with store.reading() as connection:
            last = min(first + height, dataset.rows) - 1
            table = np.concatenate(list(datasets.read(connection, dataset, first, last)))
        x, y = select_columns(table, sources)
        yield np.column_stack([x, codes_of(y, run.classes)])

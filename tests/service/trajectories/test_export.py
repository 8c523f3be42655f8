"""Memory of the writers of trajectories that wait for their clients."""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from service.trajectories import export
from service.trajectories.export import BLOCK_VALUES, Piece, as_csv, as_json, as_ndjson
from service.trajectories.npz import as_npz
from service.trajectories.slicing import View

STEPS, CHUNK, BEGUN = 20_000, 1024, 16
DOUBLE_BYTES = 26
"""The longest text of a double, with a comma."""


def view_of(parameters: int) -> View:
    """A trajectory of random numbers with so many parameters and two other columns."""
    names = [f"p{place}" for place in range(parameters)]

    def chunks(first: int, last: int) -> Iterator[tuple[int, Any]]:
        for start in range(first, last + 1, CHUNK):
            numbers = np.random.default_rng(start).standard_normal((parameters + 2, min(CHUNK, last + 1 - start)))
            yield start, numbers

    return View(names, ["train", "test"], ["step", "theta", "train", "test"], range(STEPS), chunks)


def json_of(view: View) -> Iterator[Piece]:
    return as_json(view, {"run_id": "r"})


@pytest.mark.parametrize("write", [as_csv, as_ndjson])
@pytest.mark.parametrize("parameters", [1, 50, 5_000])
def test_a_block_has_a_few_thousand_values(write: Callable[[View], Iterator[bytes]], parameters: int) -> None:
    view = view_of(parameters)._replace(steps=range(2_000 // parameters + 3))
    blocks = [*write(view)]
    if write is as_csv:
        del blocks[0]  # the names
    most = max(BLOCK_VALUES, parameters + 2) * DOUBLE_BYTES * 3  # NDJSON repeats the names
    assert max(map(len, blocks)) <= most
    assert b"".join(blocks).count(b"\n") == len(view.steps)


def begun(write: Callable[[View], Iterator[Piece]], count: int) -> list[Iterator[Piece]]:
    """Writers that have begun with θ and wait."""
    waiting = [write(view_of(8)) for _ in range(count)]
    for writer in waiting:
        for _ in range(BEGUN):
            next(writer)
    return waiting


@pytest.mark.parametrize("write", [as_csv, as_ndjson, json_of, as_npz])
def test_a_writer_that_waits_takes_little_memory(write: Callable[[View], Iterator[Piece]]) -> None:
    """A quarter of a MiB, beside the columns that it keeps."""
    begun(write, 1)
    tracemalloc.start()
    try:
        waiting = begun(write, 8)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held - export._Kept._of_all < 8 * 2**18
    assert (export._Kept._of_all > 0) == (write in {json_of, as_npz})
    del waiting
    assert export._Kept._of_all == 0


@pytest.mark.parametrize("write", [json_of, as_npz])
def test_a_writer_that_may_keep_nothing_writes_the_same(
    write: Callable[[View], Iterator[Piece]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = b"".join(write(view_of(8)))
    column = 8 * STEPS
    monkeypatch.setattr(export, "ALL_KEPT_BYTES", 5 * column)
    waiting = begun(write, 8)
    left = 5 * column - export._Kept._of_all
    assert 0 < left < 4 * column, "less than the four columns of which one may be kept"
    assert b"".join(write(view_of(8))) == alone
    del waiting
    assert export._Kept._of_all == 0

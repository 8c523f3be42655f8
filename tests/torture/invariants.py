"""The invariants of the database file after the end of all runs."""

import zlib
from itertools import groupby

from service.core.run_status import FINISHED
from tests.torture.fragile_service import FragileService

STATUSES = ", ".join(repr(status.value) for status in sorted(FINISHED))
STORED = "SELECT count(*) FROM runs"
OPEN = f"SELECT count(*) FROM runs WHERE status NOT IN ({STATUSES})"
"""How many runs are not finished."""


def broken(fragile: FragileService) -> list[str]:
    """The violated invariants in words. All runs in the file must be finished."""
    return [
        *(f"integrity_check: {row[0]}" for row in fragile.look("PRAGMA integrity_check") if row[0] != "ok"),
        *(f"a row of {row[0]} has no parent" for row in fragile.look("PRAGMA foreign_key_check")),
        *(
            f"{run_id} is {status}, its lease {owner}"
            for run_id, status, owner in fragile.look(
                f"SELECT id, status, lease_owner FROM runs WHERE status NOT IN ({STATUSES})"
                " OR lease_owner IS NOT NULL OR lease_expires_at IS NOT NULL OR checkpoint IS NOT NULL"
            )
        ),
        *(
            f"dataset {row[0]} belongs to no run"
            for row in fragile.look(
                "SELECT id FROM datasets WHERE NOT uploaded AND seq NOT IN (SELECT dataset_seq FROM runs)"
            )
        ),
        *_trajectories(fragile),
    ]


def _trajectories(fragile: FragileService) -> list[str]:
    """Missing, duplicate or damaged steps. A deleted run loses its steps little by little, until it is gone itself."""
    wrong = []
    parts = fragile.look(
        "SELECT seq, rows_done, first_step, rows FROM runs LEFT JOIN trajectory_chunks ON run_seq = seq"
        " WHERE deleted_at IS NULL ORDER BY seq, first_step"
    )
    for (seq, count), chunks in groupby(parts, key=lambda part: part[:2]):
        expected = 0
        for *_, first, rows in chunks:
            if first is None:
                continue  # the run has no chunk
            if first != expected:
                wrong.append(f"run {seq}: a chunk begins at step {first}, not at {expected}")
            expected = first + rows
        if count != expected:
            wrong.append(f"run {seq} has {expected} steps stored, not {count}")
    return wrong + _damaged(fragile)


def _damaged(fragile: FragileService) -> list[str]:
    found = fragile.look("SELECT run_seq, first_step, data, checksum FROM trajectory_chunks")
    return [
        f"run {seq}: the checksum of step {first} is wrong"
        for seq, first, data, sum_ in found
        if zlib.crc32(data) != sum_
    ]

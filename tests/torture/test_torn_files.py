"""Truncated files of a killed service: a restart restores a committed prefix or refuses to start."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import numpy as np
import pytest

from service.core.run_status import FINISHED
from service.storage.integrity.fsck import check
from service.storage.sqlite.engine import sqlite_module
from tests.torture.file_damage import CUTS, LOSSES, copy
from tests.torture.fragile_service import FragileService
from tests.torture.report import Measured
from tests.torture.request_kinds import LINE, X

CASES_A_VICTIM = 20
FINAL = "id, status, rows_done, final, best, trajectory_sha256"


class Victim(NamedTuple):
    """The files of a killed service, and the acknowledgements to its clients."""

    file: Path
    acknowledged: list[str]
    deleted: set[str]
    rows: dict[str, Any]
    steps: dict[str, Any]


def body(number: int) -> dict[str, Any]:
    """A request with unique data and some hundred KiB of trajectory."""
    y = [*LINE[:-1], float(number)]
    return {
        "dataset": {"x": X, "y": y},
        "descent": {"steps": random.randrange(200, 5000), "learning_rate": 0.01, "batch_size": 50},
    }


def work(client: httpx2.Client, seconds: float) -> tuple[list[str], set[str]]:
    """Submits and deletes for a while. Returns the acknowledged runs and the runs with a requested deletion."""
    acknowledged: list[str] = []
    deleted: set[str] = set()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = client.post("/fit", json=body(len(acknowledged)))
        assert answer.status_code == 202, answer.text
        acknowledged.append(answer.json()["id"])
        if random.random() < 0.2:
            gone = random.choice(acknowledged)
            deleted.add(gone)
            assert client.delete(f"/runs/{gone}").status_code in {204, 404}
    return acknowledged, deleted


def victim(home: Path) -> Victim:
    """Kills a working service at a random moment."""
    home.mkdir()
    fragile = FragileService(home, workers=2, block_seconds=0.02)
    with fragile.serving() as live:
        acknowledged, deleted = work(live.client, random.uniform(0.5, 4))
        live.kill()
    untouched = copy(fragile.file, home / "untouched")
    with closing(sqlite_module().connect(untouched)) as connection:
        rows = {row[0]: row for row in connection.execute(f"SELECT {FINAL} FROM runs")}
        steps = {run_id: steps_of(connection, run_id) for run_id in rows}
    return Victim(fragile.file, acknowledged, deleted, rows, steps)


def steps_of(connection: Any, run_id: str) -> Any:
    """A run's trajectory, shape (columns, steps)."""
    chunks = connection.execute(
        "SELECT c.rows, c.data FROM trajectory_chunks c JOIN runs r ON r.seq = c.run_seq"
        " WHERE r.id = ? ORDER BY first_step",
        (run_id,),
    ).fetchall()
    return np.hstack([np.frombuffer(data).reshape(-1, rows) for rows, data in chunks]) if chunks else None


def is_prefix(present: Sequence[str], known: Victim) -> bool:
    """True if the stored runs are a prefix of the acknowledged runs, deletions aside."""
    there = set(present)
    last = max((place for place, run_id in enumerate(known.acknowledged) if run_id in there), default=-1)
    return set(known.acknowledged[: last + 1]) <= there | known.deleted


def wrong_rows(file: Path, known: Victim) -> list[str]:
    """The changed finished runs, and whether the stored runs are a prefix."""
    with closing(sqlite_module().connect(file)) as connection:
        rows = connection.execute(f"SELECT {FINAL} FROM runs").fetchall()
    wrong = [row[0] for row in rows if row[1] in FINISHED and row != known.rows.get(row[0], row)]
    return wrong if is_prefix([row[0] for row in rows], known) else [*wrong, "no prefix"]


def wrong_answers(client: httpx2.Client, known: Victim) -> list[str]:
    """The answers that are neither right nor a clear error. A stream may also break off."""
    wrong = []
    listed = client.get("/runs?limit=200")
    if listed.status_code != 200 and not is_clear(listed):
        wrong.append(f"/runs: {listed.status_code} {listed.text[:200]}")
    for run_id in known.rows:
        answer = client.get(f"/runs/{run_id}")
        if answer.status_code == 404:
            continue
        if answer.status_code != 200:
            wrong += [] if is_clear(answer) else [f"/runs/{run_id}: {answer.text[:200]}"]
            continue
        try:
            text = client.get(f"/runs/{run_id}/trajectory?format=csv")
        except (httpx2.RemoteProtocolError, httpx2.ReadError):
            continue
        if text.status_code != 200:
            wrong += [] if is_clear(text) else [f"/runs/{run_id}/trajectory: {text.text[:200]}"]
        elif not is_part(text.text, known.steps[run_id]):
            wrong.append(f"/runs/{run_id}/trajectory: wrong numbers")
    return wrong


def is_clear(answer: Any) -> bool:
    return answer.status_code == 500 and "descent check" in answer.text


def is_part(text: str, steps: Any) -> bool:
    """True if a CSV holds a prefix of these steps bit for bit."""
    lines = text.splitlines()[1:]
    if not lines:
        return True
    table = np.array([[float(cell or "nan") for cell in line.split(",")[1:]] for line in lines]).T
    return steps is not None and np.array_equal(table, steps[: len(table), : table.shape[1]], equal_nan=True)


def start(fragile: FragileService, known: Victim, *, strict: bool) -> tuple[str, list[str]]:
    """The outcome of a start on damaged files, and its errors."""
    try:
        with fragile.serving(workers=0) as live:
            wrong = [] if strict else wrong_answers(live.client, known)
    except RuntimeError:
        told = fragile.log.read_text()
        return "refused", [] if "Cannot use the database" in told and "Traceback" not in told else [told[-2000:]]
    if strict:
        wrong += [str(finding) for finding in check(fragile.file, lambda *_: None)] + wrong_rows(fragile.file, known)
    log = fragile.log.read_text()
    return "recovered", wrong + ([log[-2000:]] if "Traceback" in log else [])


@pytest.mark.torture(200, least=20)
def test_a_prefix_is_recovered_or_the_start_is_refused(tmp_path: Path, cases: int, measured: Measured) -> None:
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for case in range(cases):
        if case % CASES_A_VICTIM == 0:
            known = victim(tmp_path / f"victim{case}")
        strict = case % 4 != 0
        name, harm = random.choice([*(CUTS if strict else LOSSES).items()])
        folder = tmp_path / f"case{case}"
        file = copy(known.file, folder)
        harm(file)
        outcome, found = start(FragileService(folder), known, strict=strict)
        outcomes[f"{name}: {outcome}"] += 1
        wrong += [f"case {case}, {name}: {each}" for each in found]
        if not found:
            shutil.rmtree(folder)
    for name, count in sorted(outcomes.items()):
        measured(name, count)
    measured("wrong or unclear", len(wrong), at_most=0)
    assert not wrong, "\n".join(wrong[:10])

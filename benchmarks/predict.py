"""POST /runs/{id}/predict of a million rows as CSV, beside the reading of that file alone, and the memory it costs."""

import io
import subprocess
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import httpx2
import numpy as np
import numpy.typing as npt

from benchmarks.harness import Measure, Result, absolute, compared, interleaved, not_here, seconds
from benchmarks.processes import HAS_PROC, memory, reset_peak
from service.client import Descent
from service.core.settings import Settings
from service.datasets.file_reader import read_file
from service.server.live_server import running_service

ROUNDS, ROWS, FEATURES = 3, 1_000_000, 4
WHAT = f"predicting {ROWS:,} rows × {FEATURES} from CSV to CSV, over HTTP"


def run() -> Iterator[Result]:
    """The reader's table is that of an upload, before it is stored. Pandas is a second yardstick where it is here."""
    x = _rows(ROWS)
    content = _csv(x)
    yardsticks = {"our reader alone": lambda: seconds(lambda: _read(content))}
    try:
        import pandas as pd  # noqa: PLC0415 - no part of the service
    except ModuleNotFoundError:
        pass
    else:
        yardsticks["pandas.read_csv alone"] = lambda: seconds(lambda: pd.read_csv(io.BytesIO(content)))
    with (
        TemporaryDirectory() as home,
        running_service("--workers", "1", "--database", f"sqlite:///{home}/ours.db", log=subprocess.DEVNULL) as service,
        httpx2.Client(base_url=service.url, timeout=600) as client,
        Descent(service.url, timeout=600) as ours_in_python,
    ):
        path = _fitted(client)
        run = ours_in_python.runs.get()
        ours, from_array, *others = interleaved(
            ROUNDS,
            lambda: seconds(lambda: _predict(client, path, content)),
            lambda: seconds(lambda: run.predict(x)),
            *yardsticks.values(),
        )
        for name, values in zip(yardsticks, others, strict=True):
            yield compared(WHAT, Measure(ours, "s"), Measure(values, "s"), name)
        yield absolute("… of an array by the Python client, as NPZ", Measure(from_array, "s"))
        what = "… the memory that it costs the API"
        if not HAS_PROC:
            yield not_here(what, "only measured on Linux")
            return
        grown = [_growth(service.process.pid, client, path, _csv(_rows(rows))) for rows in (ROWS // 10, ROWS)]
    yield absolute(f"{what}, a tenth of the rows", Measure(grown[:1], "MB"))
    yield absolute(what, Measure(grown[1:], "MB"))


def _rows(rows: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal((rows, FEATURES)).round(6)


def _csv(x: npt.NDArray[np.float64]) -> bytes:
    lines = (",".join(map(repr, row)) for row in x.tolist())
    return "\n".join([",".join(f"x{j}" for j in range(1, FEATURES + 1)), *lines, ""]).encode()


def _read(content: bytes) -> None:
    settings = Settings()
    read_file(io.BytesIO(content), max_rows=settings.max_rows, max_columns=settings.max_features).close()


def _fitted(client: httpx2.Client) -> str:
    """The path of the predictions of a finished run."""
    x = np.random.default_rng(1).standard_normal((100, FEATURES))
    body = {"dataset": {"x": x.tolist(), "y": x.sum(axis=1).tolist()}, "descent": {"steps": 100}}
    answer = client.post("/fit", json=body, headers={"Prefer": "wait=30"}).raise_for_status().json()
    assert answer["status"] == "succeeded"
    return f"/runs/{answer['id']}/predict"


def _predict(client: httpx2.Client, path: str, content: bytes) -> None:
    headers = {"Content-Type": "text/csv", "Accept": "text/csv", "Accept-Encoding": "identity"}
    with client.stream("POST", path, content=content, headers=headers) as answer:
        answer.raise_for_status()
        lines = sum(piece.count(b"\n") for piece in answer.iter_raw())
    assert lines == content.count(b"\n")


def _growth(pid: int, client: httpx2.Client, path: str, content: bytes) -> float:
    before = memory(pid, "VmRSS")
    reset_peak(pid)
    _predict(client, path, content)
    return memory(pid, "VmHWM") - before

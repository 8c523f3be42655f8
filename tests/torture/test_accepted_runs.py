"""A disk that accepted runs fill: the service refuses what does not fit, and every run that it accepted succeeds."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count, cycle
from shutil import disk_usage
from typing import Any, NamedTuple

import httpx2
import pytest

from service.storage.sqlite.disk_reserve import MIB
from tests.torture.fragile_service import LiveService
from tests.torture.invariants import OPEN, broken
from tests.torture.report import Measured
from tests.torture.small_disk import SmallDisk, small_disk
from tests.waiting import until

Json = dict[str, Any]
SIZE = "32m"
LINE: Json = {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}}
WIDE = [[(i * j + j) % 7 / 7 for j in range(40)] for i in range(12)]
OUTPUTS = {"x": WIDE, "y": [i % 5 for i in range(12)]}
END_SECONDS = 300.0
NUMBERS = count()
"""Numbers that make each dataset another one."""


Body = Callable[[int], Json]


class Load(NamedTuple):
    """Requests of one kind: a path, and functions from a number to a body, of decreasing size."""

    path: str
    bodies: list[Body]


def _line(steps: int) -> Json:
    return {**LINE, "descent": {"steps": steps, "learning_rate": 1e-9}}


def _network(steps: int, hidden: int) -> Json:
    descent = {"steps": steps, "learning_rate": 1e-6}
    return {"dataset": OUTPUTS, "model": {"kind": "mlp", "hidden": [hidden]}, "descent": descent}


def _sweep(count: int, steps: int) -> Json:
    rates = [1e-9 * (1 + number) for number in range(count)]
    return {"base": _line(steps), "grid": {"/descent/learning_rate": rates}}


def _data(rows: int, number: int) -> Json:
    return {"x": [[float(i)] for i in range(rows)], "y": [float(number), *(float(i % 7) for i in range(1, rows))]}


def _same(bodies: Iterable[Json]) -> list[Body]:
    def always(body: Json) -> Body:
        return lambda _: body

    return [always(body) for body in bodies]


def _of_rows(make: Callable[[Json], Json], *of: int) -> list[Body]:
    def body(rows: int) -> Body:
        return lambda number: make(_data(rows, number))

    return [body(rows) for rows in of]


LONG = _line(100_000)
LOADS = {
    "2 parameters, 100,000 steps": Load("/fit", _same(map(_line, (100_000, 20_000, 5_000, 1_000, 100, 1)))),
    "10,000 parameters, 20 steps": Load("/fit", _same(_network(steps, 225) for steps in (20, 5, 1))),
    "1,000 parameters, 300 steps": Load("/fit", _same(_network(steps, 22) for steps in (300, 60, 10))),
    "sweeps of 500 runs of 3 steps": Load("/sweeps", _same(_sweep(count, 3) for count in (500, 100, 20, 5))),
    "60,000 rows": Load("/fit", _of_rows(lambda data: {"dataset": data}, 60_000, 10_000, 2_000)),
    "uploads": Load("/datasets", _of_rows(lambda data: data, 200_000, 20_000, 2_000)),
}


def accepted(client: httpx2.Client, load: Load) -> int:
    """Sends each request until it is refused. Returns the number of accepted requests."""
    found = 0
    for body in load.bodies:
        while (answer := client.post(load.path, json=body(next(NUMBERS)))).status_code in {201, 202}:
            found += 1
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:descent:disk-full"), answer.text
    return found


def ends(disk: SmallDisk) -> Counter[str]:
    """The runs by their status, or by the code of their error."""
    query = "SELECT coalesce(json_extract(error, '$.code'), status), count(*) FROM runs GROUP BY 1"
    return Counter(dict(disk.look(query)))


def filled(disk: SmallDisk, live: LiveService, load: Load) -> Counter[str]:
    """The ends of all accepted runs, on a disk that takes no other one. The first is paused until the others ended."""
    first = live.client.post("/fit", json=LONG).json()["id"]
    assert live.client.post(f"/runs/{first}/pause").status_code == 202
    while accepted(live.client, load):
        until(lambda: disk.look(OPEN) == [(1,)], END_SECONDS)
    assert live.client.post(f"/runs/{first}/resume").status_code == 202
    until(lambda: disk.look(OPEN) == [(0,)], END_SECONDS)
    return ends(disk)


@pytest.mark.torture(len(LOADS) * 2, least=len(LOADS))
def test_accepted_runs_fit_on_the_disk(cases: int, measured: Measured) -> None:
    found: Counter[str] = Counter()
    free: list[int] = []
    for case, load in zip(range(cases), cycle(LOADS.values()), strict=False):
        seconds = 0.4 if case < len(LOADS) else 0.02
        with small_disk(SIZE, workers=2, block_seconds=seconds) as disk, disk.serving() as live:
            found += filled(disk, live, load)
            free.append(disk_usage(disk.home).free)
            assert broken(disk) == []
    measured("accepted runs", found.total())
    measured("that the disk had no room for", found["disk_full"], at_most=0)
    measured("free on the disk after them, at most", max(free) / MIB, "MiB")
    assert found.keys() == {"succeeded"}

"""Handmade hostile bodies against a running service: each gets an answer and leaves no trace."""

import time
from pathlib import Path

import httpx2
import pytest

from tests.service.api.hostile_bodies import hostile_bodies
from tests.service.api.test_hostile_bodies import check_hostile, delete_created
from tests.service.helpers import TABLES
from tests.torture.fragile_service import FragileService
from tests.torture.report import Measured
from tests.waiting import LONGEST


@pytest.mark.torture(1_000, least=100)
def test_hostile_bodies_are_refused_or_valid(tmp_path: Path, cases: int, measured: Measured) -> None:
    fragile = FragileService(tmp_path, workers=1)
    every = hostile_bodies()
    chosen = [every[number * len(every) // cases] for number in range(cases)] if cases < len(every) else every
    taken, longest = 0, 0.0
    with fragile.serving() as live:
        described = live.client.get("/openapi.json").json()
        for hostile in chosen:
            begun = time.monotonic()
            response = live.client.post(hostile.path, content=hostile.content, headers=hostile.all_headers)
            longest = max(longest, time.monotonic() - begun)
            if check_hostile(hostile, response, described):
                taken += 1
                delete_created(live.client, response)
        assert httpx2.get(f"{live.url}/readyz", timeout=LONGEST).status_code == 200
    left = sum(fragile.look(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES)
    measured("hostile bodies", len(chosen), at_least=cases)
    measured("… of which were right", taken)
    measured("the longest answer", longest, "s", at_most=10.0)
    measured("rows left behind", left, at_most=0)

"""SIGKILL to all processes during POST /fit; the client then resends the request with its key."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from tests.torture.fragile_service import FragileService, LiveService
from tests.torture.invariants import OPEN, broken
from tests.torture.report import Measured
from tests.waiting import until

CLIENTS = 16
LONGEST_SECONDS = 0.3


class Sent(NamedTuple):
    """A submission and the id of its answer, if any."""

    key: str
    answered: str | None


def body(key: str) -> dict[str, object]:
    """A request that is unique to this key."""
    return {
        "dataset": {"x": [[1.0], [2.0], [3.0], [4.0]], "y": [2.0, 4.0, 6.0, 8.0]},
        "descent": {"steps": 20, "seed": int(key.split("-")[1])},
        "tags": {"key": key},
    }


def send(client: httpx2.Client, key: str) -> str | None:
    """The id in the answer; None if an open connection broke. Raises ConnectError without a connection."""
    try:
        answer = client.post("/fit", json=body(key), headers={"Idempotency-Key": key})
    except httpx2.ConnectError:
        raise
    except httpx2.TransportError:
        return None
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def submit_until_killed(url: str, cycle: int, number: int, first_came: threading.Event) -> list[Sent]:
    sent: list[Sent] = []
    with httpx2.Client(base_url=url, timeout=30) as client:
        while not sent or sent[-1].answered:
            key = f"{cycle}-{number * 1_000_000 + len(sent)}"
            try:
                sent.append(Sent(key, send(client, key)))
            except httpx2.ConnectError:
                break
            first_came.set()
    return sent


def one_cycle(live: LiveService, cycle: int) -> list[Sent]:
    """Clients submit at full speed until all processes are dead."""
    first_came = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as clients:
        sending = [clients.submit(submit_until_killed, live.url, cycle, n, first_came) for n in range(CLIENTS)]
        assert first_came.wait(60)
        time.sleep(random.uniform(0, LONGEST_SECONDS))
        live.kill()
        return [one for future in sending for one in future.result()]


@pytest.mark.torture(500, least=30)
def test_a_retry_with_the_same_key_makes_one_run_and_what_was_acknowledged_is_there(
    tmp_path: Path, cases: int, measured: Measured
) -> None:
    fragile = FragileService(tmp_path, heartbeat_seconds=0.5, lease_seconds=1, workers=2)
    all_sent: dict[str, str] = {}
    cut, stored_of_cut, cycle = 0, 0, 0
    last: list[Sent] = []
    while cut < cases or last:
        with fragile.serving() as live:
            known = dict(fragile.look("SELECT value, id FROM run_tags JOIN runs ON seq = run_seq"))
            for key, answered in last:
                found = send(live.client, key)
                assert found is not None
                assert answered in {None, found}, f"{key} was {answered}, and is {found} on being sent again"
                assert known.get(key, found) == found
                all_sent[key] = found
            in_flight = [one.key for one in last if one.answered is None]
            cut, stored_of_cut = cut + len(in_flight), stored_of_cut + len(known.keys() & in_flight)
            cycle += 1
            last = one_cycle(live, cycle) if cut < cases else []
    with fragile.serving() as live:
        until(lambda: fragile.look(OPEN) == [(0,)], 120)
        wrong = [key for key, run_id in all_sent.items() if not is_there(live.client, key, run_id)]
    by_key = dict(fragile.look("SELECT value, count(*) FROM run_tags GROUP BY 1"))
    measured("submissions that were cut off", cut, at_least=cases)
    measured("… of which had been stored", stored_of_cut)
    measured("all submissions", len(all_sent))
    measured("times that everything was killed", cycle - 1)
    measured("keys with more or fewer than one run", sum(count != 1 for count in by_key.values()), at_most=0)
    measured("acknowledged runs that are not there", len(wrong), at_most=0)
    assert by_key.keys() == all_sent.keys()
    assert broken(fragile) == []


def is_there(client: httpx2.Client, key: str, run_id: str) -> bool:
    run = client.get(f"/runs/{run_id}").json()
    return (run.get("status"), run.get("steps_done"), run.get("tags")) == ("succeeded", 20, {"key": key})

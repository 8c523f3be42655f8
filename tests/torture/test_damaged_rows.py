"""A random value of the database is damaged: the damage stays where it is, and no answer has a wrong number."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.storage.connect import open_database
from service.storage.sqlite.engine import sqlite_module
from tests.api_keys import Key, make_key
from tests.torture.fragile_service import FragileService
from tests.torture.population import FRESH, Population
from tests.torture.report import Measured, worst
from tests.torture.row_damage import Damage, damage_some_value


@pytest.fixture
def fragile(tmp_path: Path) -> FragileService:
    return FragileService(tmp_path, workers=2, keys="required", block_seconds=0.05, keep_days=30)


@pytest.fixture
def keys(fragile: FragileService) -> Iterator[list[Key]]:
    """The key of the client, and those of others, whose rows may be damaged."""
    database = open_database(f"sqlite:///{fragile.file}", 5.0)
    yield [make_key(database, "admin"), *(make_key(database) for _ in range(4))]
    database.dispose()


def after(damage: Damage, world: Population, keys: list[Key]) -> Iterator[str]:
    """What is wrong after the damage, until everything that is damaged has been deleted."""
    yield from world.wrong_answers(damage)
    for key in keys[1:]:
        status = world.client.get("/runs", headers=key.headers).status_code
        if status not in {200, 401}:
            yield f"a request with the key {key.id}: {status}"
    if damage.table == "sqlite_sequence":
        yield from world.wrong_refusal()
    made = world.post("/fit", FRESH)
    if made["final"] != world.fresh:
        yield f"a new run: {made['status']}, {made['final']}, {made['error']}"
    if world.client.delete(f"/runs/{made['id']}").status_code != 204:
        yield "DELETE of the new run"
    yield from world.wrong_continuation(damage)
    yield from world.kept_by_deletion(damage)


def restore_keys(fragile: FragileService, damage: Damage) -> None:
    """Takes back the damage to rows that no request deletes."""
    if damage.table in {"api_keys", "computing_times", "alembic_version"}:
        with closing(sqlite_module().connect(fragile.file, isolation_level=None, timeout=30.0)) as connection:
            value = "CAST(? AS TEXT)" if isinstance(damage.before, bytes) else "?"
            repaired = f"UPDATE OR REPLACE {damage.table} SET {damage.column} = {value} WHERE rowid = {damage.rowid}"
            connection.execute(repaired, (damage.before,))


@pytest.mark.torture(200, least=20)
def test_a_damaged_value_harms_no_other(
    fragile: FragileService, keys: list[Key], cases: int, measured: Measured
) -> None:
    wrong: list[str] = []
    damaged: Counter[str] = Counter()
    seconds: list[float] = []
    with fragile.serving() as live:
        world = Population(live, keys[0], fragile)
        world.fill()
        workers = live.workers()
        for _ in range(cases):
            damage = damage_some_value(fragile.file, keys[0].id)
            damaged[damage.table] += 1
            begun = time.monotonic()
            try:
                wrong += [f"{damage}: {each}" for each in after(damage, world, keys)]
                seconds.append(time.monotonic() - begun)
                restore_keys(fragile, damage)
                world.fill()
            except Exception as error:
                raise AssertionError(f"{damage}: {wrong}") from error
        stopped = len(workers.items() - live.workers().items())
    for table, count in sorted(damaged.items()):
        measured(f"damaged values of {table}", count)
    measured("wrong answers", len(wrong), at_most=0)
    measured("stopped workers", stopped, at_most=0)
    measured("from the damage to the last answer, p99", worst(seconds), "s")
    measured("tracebacks in the log", fragile.log.read_text().count("Traceback"), at_most=0)
    assert not wrong, "\n".join(wrong[:10])

"""The event stream of a damaged run ends with an event that says so."""

from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage.database import Database
from tests.damage import damage
from tests.service.api.routes.test_events import events_of, rows
from tests.service.helpers import fit_body, stored_run


def test_a_damaged_row_is_a_failed_run(api: TestClient, database: Database, settings: Settings) -> None:
    run_id = stored_run(database, fit_body(), rows(6))
    damage(settings, "runs", "final", "'[1]'", f"id = '{run_id}'")
    status, finished = events_of(api, f"/runs/{run_id}/events?fields=step,train_loss")
    assert (status.name, finished.name) == ("status", "finished")
    assert status.data == finished.data == api.get(f"/runs/{run_id}").json()
    assert finished.data["error"]["code"] == "damaged_data"


def test_damaged_steps_are_a_problem_after_the_sound_ones(
    api: TestClient, database: Database, settings: Settings
) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 2999}), rows(3000))
    damage(settings, "trajectory_chunks", "data", "zeroblob(length(data))", "first_step = 2048")
    events = events_of(api, f"/runs/{run_id}/events")
    assert [event.name for event in events] == ["status", "progress", "progress", "problem", "finished"]
    assert events[2].id == "2047"
    assert (events[3].data["status"], events[3].data["title"]) == (500, "Damaged data")
    assert events[3].data["type"] == "urn:descent:damaged-data"

"""The shared landscape of several descents."""

from typing import Any

import httpx2
import numpy as np
import pytest

DATA = {"x": [[1.0], [2.0], [3.0], [4.0], [5.0]], "y": [2.0, 4.1, 5.9, 8.0, 10.2]}


def fit(client: httpx2.Client, **body: Any) -> str:
    answer = client.post("/fit", json={"dataset": DATA} | body, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def landscape(client: httpx2.Client, run_id: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"/runs/{run_id}/landscape", params={"resolution": "9"} | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(("degree", "kind"), [(1, "exact"), (3, "pca")])
def test_the_grid_contains_the_paths_of_all_runs(client: httpx2.Client, degree: int, kind: str) -> None:
    model = {"kind": "polynomial", "degree": degree}
    starts = ([0.0] * (degree + 1), [40.0] * (degree + 1))
    ids = [fit(client, model=model, standardize=True, descent={"steps": 20, "theta0": start}) for start in starts]
    [alone, together] = [landscape(client, ids[0]), landscape(client, ids[0], beside=ids[1])]
    assert together["kind"] == kind
    assert together["path"]["train_loss"] == alone["path"]["train_loss"]
    theta = np.array(client.get(f"/runs/{ids[1]}/trajectory").json()["theta"])
    for found, is_inside in ((alone, False), (together, True)):
        plane = {name: np.array(values) for name, values in found["plane"].items()}
        there = (theta - plane["origin"]) @ plane["axes"].T
        sides = np.array([[found[side]["values"][0], found[side]["values"][-1]] for side in "xy"])
        inside = (there >= sides[:, 0]) & (there <= sides[:, 1])
        assert bool(inside.all()) is is_inside


def test_unsuitable_runs_beside_are_refused(client: httpx2.Client) -> None:
    [line, curve] = [fit(client), fit(client, model={"kind": "polynomial", "degree": 2})]
    for beside, status, words in (
        (curve, 422, "has other parameters"),
        (",".join([line] * 8), 422, "8 runs; the limit is 7"),
        ("nothing-here", 404, "No run has the id nothing-here"),
    ):
        answer = client.get(f"/runs/{line}/landscape", params={"beside": beside})
        assert answer.status_code == status
        assert words in answer.json()["detail"]

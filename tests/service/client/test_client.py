"""The client against a real service: every method, the same facts as the API, and many fits at once."""

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import polars as pl
import pytest

from service.client import AsyncDescent, Descent, Run, RunFailedError, ServiceError
from service.server.live_server import Service
from tests.waiting import LONGEST, result_of, until

X, Y = [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.0, 6.0, 8.0]


@pytest.fixture
def client(service: Service) -> Iterator[Descent]:
    with Descent(service.url) as client:
        yield client


@pytest.fixture
def run(client: Descent) -> Run:
    return client.fit(X, Y, feature_names=["age"], target_name="height", steps=50)


@pytest.fixture
def long_run(client: Descent) -> Iterator[Run]:
    run = client.fit(None, None, wait=False, dataset={"sample": "norris"}, steps=5_000_000, learning_rate=1e-9)
    yield run
    if not run.is_finished:
        run.cancel()


def test_a_fit_waits_for_the_end(run: Run) -> None:
    assert (run.status, run.is_finished) == ("succeeded", True)
    assert run.parameters == ["intercept", "age"]
    assert run.coefficients == dict(zip(run.parameters, run.theta, strict=True))
    assert run.train_mse == run["final"]["train_mse"]
    assert run.test_mse == run.facts["final"]["test_mse"]
    assert run.verdict == run["convergence"]["sentence"]
    assert repr(run) == f"<Run {run.id}: succeeded, 50 of 50 steps>"


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_are_fitted_and_predicted_by_name(client: Descent, frame: Any) -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 40))
    run = client.fit(frame({"a": a, "b": b}), 1 + 2 * a - b, steps=200)
    assert run["dataset"]["features"] == ["a", "b"]
    turned = frame({"b": b, "a": a})
    np.testing.assert_array_equal(run.predict(turned), run.predict(np.column_stack([a, b])))
    np.testing.assert_allclose(run.predict(turned), 1 + 2 * a - b, atol=1e-3)


def test_the_trajectory_has_the_bits_of_the_api(run: Run, service: Service) -> None:
    steps = run.trajectory()
    answer = httpx2.get(f"{service.url}/runs/{run.id}/trajectory").json()
    assert set(steps) == {name for name, column in answer.items() if isinstance(column, list)} - {"parameters"}
    for name in steps:
        expected = np.array([np.nan if each is None else each for each in answer[name]], dtype=steps[name].dtype)
        np.testing.assert_array_equal(steps[name], expected)
    assert steps.parameters == answer["parameters"]
    frame = run.trajectory(fields=["step", "theta", "test_mse"], every=10).to_pandas()
    assert list(frame.columns) == ["theta.intercept", "theta.age", "test_mse"]
    assert list(frame.index) == [0, 10, 20, 30, 40, 50]


def test_one_row_is_predicted(run: Run) -> None:
    assert run.predict([[2.0]], step=0).tolist() == [0.0]


def test_classes_have_labels_and_probabilities(client: Descent) -> None:
    run = client.fit([[0.0], [1.0], [2.0], [3.0]] * 5, ["low", "low", "high", "high"] * 5, model="logistic", steps=500)
    assert run.predict([[0.0], [3.0]]).tolist() == ["low", "high"]
    probabilities = run.predict_proba([[0.0], [3.0]])
    assert probabilities.shape == (2, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_a_refused_request_names_the_field_and_the_correction(client: Descent) -> None:
    with pytest.raises(ServiceError, match="/descent/steps: ") as caught:
        client.fit(X, Y, steps=-1)
    assert caught.value.status_code == 422
    assert caught.value.problem["errors"][0]["pointer"] == "/descent/steps"
    with pytest.raises(ServiceError, match="/dataset/x/1/0"):
        client.fit([[1.0], [float("nan")], [3.0]], [1.0, 2.0, 3.0])
    with pytest.raises(ServiceError, match=r"No run has the id nothing.*\(404\)"):
        client.runs.get("nothing")


def test_a_function_without_data(client: Descent) -> None:
    run = client.fit(function="(a - 1)**2", theta0={"a": 3.0}, learning_rate=0.25, steps=60)
    assert run.theta == pytest.approx([1.0])
    assert run.test_mse is None
    assert "rosenbrock" in {each["name"] for each in client.functions()}
    assert "norris" in {each["name"] for each in client.samples()}


def test_a_price_stores_nothing(client: Descent) -> None:
    before = {each.id for each in client.runs.list()}
    assert client.price(X, Y, steps=7)["steps"] == 7
    assert {each.id for each in client.runs.list()} == before


def test_a_fork_begins_at_the_step_and_a_verification_recomputes(run: Run) -> None:
    fork = run.fork(20, {"descent": {"steps": 10}})
    assert fork.trajectory()["theta"][0].tolist() == run.trajectory()["theta"][20].tolist()
    assert run.verify(timeout=LONGEST)["identical"] is True


def test_a_long_run_is_followed_paused_and_cancelled(long_run: Run, client: Descent) -> None:
    steps: list[int] = []
    for event in long_run.follow(fields="step"):
        if event.kind == "progress":
            steps += event.data["step"]
        if len(steps) > 1000:
            break
    assert steps == list(range(len(steps)))
    assert long_run.pause().status in ("running", "paused")
    until(lambda: long_run.refresh().status == "paused")
    assert long_run.resume().status in ("queued", "running")
    with pytest.raises(TimeoutError, match="It goes on"):
        long_run.wait(timeout=0.01)
    assert long_run.cancel().wait(timeout=LONGEST).status == "cancelled"
    assert client.runs.get(long_run.id).status == "cancelled"


def test_names_lists_and_deletion(client: Descent, run: Run) -> None:
    assert run.rename("a name for the list").name == "a name for the list"
    found = client.runs.list(name="a name*list", status=["succeeded", "failed"], sort="-created_at")
    assert [each.id for each in found] == [run.id]
    assert len(client.runs.list(limit=1)) == 1
    run.delete()
    assert client.runs.list(name="a name*list") == []


def test_a_sweep_ranks_its_runs(client: Descent) -> None:
    rates = [0.001, 0.01, 0.05]
    sweep = client.sweep({"/descent/learning_rate": rates}, X, Y, rank_by="train_mse", steps=20)
    assert (sweep.is_finished, len(sweep["ranking"])) == (True, 3)
    assert sweep.run(1)["request"]["descent"]["learning_rate"] == 0.05
    with pytest.raises(LookupError, match="rank 4"):
        sweep.run(4)
    changes = [{"descent": {"steps": steps}} for steps in (5_000_000, 6_000_000)]
    listed = client.sweep(changes, X, Y, learning_rate=1e-9, batch_size=2, wait=False)
    assert len(listed.cancel().wait()["ranking"]) == 2
    listed.delete()
    with pytest.raises(ServiceError):
        listed.refresh()


def test_files_are_uploaded_as_they_are(client: Descent, tmp_path: Path) -> None:
    path = tmp_path / "grades, 2024.csv"
    path.write_text("name;hours;grade\na;1,5;10\nb;2,5;12\nc;;14\n", encoding="utf-8")
    found = client.datasets.upload(path, target="grade", features=["hours"], missing="drop")
    assert (found["name"], found["rows"], found["features"]) == ("grades, 2024.csv", 2, ["hours"])
    again = client.datasets.upload(path.read_bytes(), target="grade", features=["hours"], missing="drop")
    assert again["id"] == found["id"]
    assert client.datasets.get(found["id"])["sha256"] == found["sha256"]
    assert found["id"] in {each["id"] for each in client.datasets.list()}
    run = client.fit(dataset=found["id"], test_fraction=0.0, steps=5)
    assert run["dataset"]["id"] == found["id"]
    with pytest.raises(ServiceError, match="1 run"):
        client.datasets.delete(found["id"])
    run.delete()
    client.datasets.delete(found["id"])
    with pytest.raises(ServiceError, match="Unknown target"):
        client.datasets.upload(b"a,b\n1,2\n3,4\n", target="nothing")


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_a_frame_is_uploaded_and_a_dataset_predicted(client: Descent, frame: Any) -> None:
    data = {"sex": ["m", "f", "m", "f", "f"], "age": [30, 40, 50, 35, 28], "weight": [80, 60, 90, 65, 75]}
    dataset = client.datasets.upload(frame(data), name="people")
    run = client.fit(dataset=dataset["id"], standardize=True, steps=20)
    assert run["dataset"]["features"] == ["sex=m", "age"]
    found = run.predict(dataset=dataset["id"])
    np.testing.assert_array_equal(found, run.predict([[1, 30], [0, 40], [1, 50], [0, 35], [0, 28]]))
    with pytest.raises(TypeError, match="either x or dataset="):
        run.predict()


def test_names_may_have_every_letter(client: Descent) -> None:
    run = client.fit(X, Y, feature_names=["n\x85\u2028"], name="a\u2028b", steps=5)
    assert [event.kind for event in run.follow()][-1] == "finished"


def test_an_interrupted_wait_says_that_the_run_goes_on(long_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(long_run), "refresh", interrupt)
    with pytest.raises(KeyboardInterrupt, match=f"{long_run.id}.* goes on"):
        long_run.wait()


def test_an_npz_is_uploaded_by_its_ending(client: Descent, tmp_path: Path) -> None:
    x = np.random.default_rng(2).normal(size=(20, 2))
    np.savez(tmp_path / "data.npz", x=x, y=x[:, 0], feature_names=["a", "b"])
    found = client.datasets.upload(tmp_path / "data.npz")
    assert (found["rows"], found["features"], found["name"]) == (20, ["a", "b"], "data.npz")


@pytest.mark.parametrize(
    "ending", [".py", ".c", ".xlsx", ".csv", ".json", ".ndjson", ".npz", ".parquet", ".svg", ".png", ".zip", ".html"]
)
def test_a_run_is_saved_as_the_ending_says(run: Run, tmp_path: Path, ending: str) -> None:
    path = run.save(tmp_path / f"run{ending}")
    begins = {
        ".py": b'"""', ".c": b"//", ".xlsx": b"PK", ".csv": b"step,", ".json": b"{", ".ndjson": b"{", ".npz": b"PK",
        ".parquet": b"PAR1", ".svg": b"<svg", ".png": b"\x89PNG", ".zip": b"PK", ".html": b"<!doctype",
    }  # fmt: skip
    assert path.read_bytes().startswith(begins[ending])
    if begins[ending] == b"PK":
        assert zipfile.ZipFile(path).testzip() is None
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_an_unknown_ending_is_refused_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in none of .py, .c, .xlsx"):
        run.save(tmp_path / "run.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_numbers_findings_and_curves(client: Descent) -> None:
    run = client.fit(X, Y, feature_names=["<age>"], name="<b>bold</b>", steps=20, learning_rate=1.0)
    picture = run.plot()
    shown = run._repr_html_()
    assert "&lt;age&gt;" in shown
    assert "&lt;b&gt;bold" in shown
    assert "<svg" in shown
    assert all(finding["sentence"][:20] in shown for finding in run.diagnosis)
    assert picture._repr_svg_().startswith("<svg")


def test_a_fit_in_a_notebook_has_its_curves(client: Descent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.client.synchronous.runs.is_notebook", lambda: True)
    assert "<svg" in client.fit(X, Y, steps=5, progress=False)._repr_html_()


def test_numbers_of_numpy_are_numbers(client: Descent, run: Run) -> None:
    steps = run.trajectory()
    best = steps["test_mse"].argmin()
    assert run.predict([[2.0]], step=int(best)).shape == (1,)
    assert (
        run.fork(steps["step"][3], {"descent": {"steps": np.int64(4), "learning_rate": np.float64(0.01)}})["steps_done"]
        == 4
    )
    sweep = client.sweep({"/descent/learning_rate": np.logspace(-3, -2, 3)}, X, Y, steps=3)
    assert len(sweep["ranking"]) == 3
    assert client.sweeps.get(sweep.id).run(1).id == sweep.run(1).id
    assert sweep.id in {each["id"] for each in client.sweeps.list()}


def test_what_is_not_finite_is_nan_and_a_regression_has_no_probabilities(client: Descent) -> None:
    run = client.fit(X, Y, model="p * log(x1 + 1) + q", steps=3, learning_rate=0.01)
    found = run.predict([[-7.0], [1.0]])
    assert (found.dtype.kind, np.isnan(found).tolist()) == ("f", [True, False])
    with pytest.raises(TypeError, match="is a regression"):
        run.predict_proba([[1.0]])


def test_a_second_verification_recomputes_again(run: Run, service: Service) -> None:
    assert run.verify()["identical"] is True
    assert run.verify(timeout=LONGEST)["identical"] is True
    with pytest.raises(TimeoutError, match="not recomputed"):
        run.verify(timeout=0)


def test_a_short_timeout_does_not_end_a_long_wait(service: Service) -> None:
    with Descent(service.url, timeout=5.0) as client:  # a request of a long poll takes 20 s
        run = client.fit(dataset={"sample": "norris"}, steps=5_000_000, learning_rate=1e-9, batch_size=4, wait=False)
        with pytest.raises(TimeoutError, match="It goes on"):
            run.wait(timeout=7)
        run.cancel().wait()


def test_a_run_that_fails_raises_its_reason(client: Descent) -> None:
    with pytest.raises(RunFailedError, match="failed: "):
        client.fit(X, Y, model="sqrt(b - 1e9*x1)")


def test_the_model_is_told_in_numbers(run: Run) -> None:
    assert run.model()["theta"] == run.theta


def test_two_hundred_fits_at_once(service: Service) -> None:
    async def fit_all() -> list[float]:
        async with AsyncDescent(service.url) as client:
            runs = await asyncio.gather(*(client.fit(X, [k * y for y in Y], steps=20) for k in range(200)))
            steps = [event async for event in runs[3].follow(fields=["step"])]
            assert steps[-1].kind == "finished"
            assert (await runs[3].trajectory())["step"].tolist() == list(range(21))
            return [each.coefficients["x1"] or 0.0 for each in runs]

    slopes = result_of(fit_all())
    assert slopes == pytest.approx([k * slopes[1] for k in range(200)], rel=1e-9)


def test_the_import_loads_neither_the_service_nor_numpy() -> None:
    code = "import json, sys, service.client; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    heavy = {"fastapi", "sqlalchemy", "autograd", "numpy", "pandas", "rich", "scipy", "starlette", "pydantic"}
    assert not heavy & set(loaded)
    assert not [name for name in loaded if re.match(r"service\.(?!client)", name)]


def test_progress_goes_to_standard_error_alone(service: Service) -> None:
    code = (
        f"from service.client import Descent; run = Descent({service.url!r}).fit(dataset={{'sample': 'norris'}}, "
        "steps=5_000_000, learning_rate=1e-9, batch_size=4, name='slow', wait=False)\n"
        "try: run.wait(2.5, progress=True)\nexcept TimeoutError: print(run.cancel().name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LONGEST)
    assert done.stdout == "slow\n"
    assert "slow" in done.stderr

"""Landscapes and pictures of functions without data."""

import numpy as np
import pytest
from contourpy import contour_generator
from fastapi.testclient import TestClient

from gd_engine import BENCHMARK_FUNCTIONS
from service.plotting.height_map import height_map
from tests.gd_engine.test_functions import BY_HAND
from tests.service.api.routes.test_functions import ROSENBROCK, Work, columns, finished


@pytest.mark.parametrize("name", list(BENCHMARK_FUNCTIONS))
def test_the_landscape_covers_the_window_and_has_all_minima(name: str, api: TestClient, work: Work) -> None:
    run = finished(api, work, {"function": {"name": name}, "descent": {"steps": 5}})
    found = api.get(f"/runs/{run['id']}/landscape?resolution=5").json()
    known = BENCHMARK_FUNCTIONS[name]
    sides = [found["x"], found["y"]][: len(known.window)]
    for axis, (parameter, window) in zip(sides, known.window.items(), strict=True):
        assert axis["label"] == parameter
        np.testing.assert_allclose(axis["values"], np.linspace(*window, 5))
    assert found["kind"] == "exact"
    for i, y in enumerate(found["y"]["values"]):
        for j, x in enumerate(found["x"]["values"]):
            theta = np.array([x, y][: len(known.window)])
            np.testing.assert_allclose(found["energy"][i][j], BY_HAND[name](theta), rtol=1e-12, atol=1e-12)
    assert [each["value"] for each in found["minima"]] == [minimum.value for minimum in known.minima]
    assert [each["x"] for each in found["minima"]] == [minimum.theta["a"] for minimum in known.minima]
    part = api.get(f"/runs/{run['id']}/landscape?resolution=5&from_step=4").json()
    assert part["x"]["values"] != found["x"]["values"]  # around that part of the path
    swapped = api.get(f"/runs/{run['id']}/landscape?resolution=5&x={run['parameters'][-1]}").json()
    np.testing.assert_allclose(swapped["x"]["values"], np.linspace(*list(known.window.values())[-1], 5))


def test_a_path_that_leaves_the_window_ends_there(api: TestClient, work: Work) -> None:
    for name in ("double_well", "rosenbrock"):
        run = finished(api, work, {"function": {"name": name}, "descent": {"learning_rate": 0.5}})
        assert run["status"] == "diverged"
        found = api.get(f"/runs/{run['id']}/landscape").json()
        (low, high), *_ = BENCHMARK_FUNCTIONS[name].window.values()
        assert [found["x"]["values"][0], found["x"]["values"][-1]] == [low, high]
        assert found["path"]["step"] == [0]
        assert api.get(f"/runs/{run['id']}/landscape.png").status_code == 200
    entering = finished(api, work, {"function": {"name": "ravine"}, "descent": {"theta0": [-12, 1]}})
    found = api.get(f"/runs/{entering['id']}/landscape").json()
    assert (found["path"]["x"][0], found["path"]["step"][-1], found["x"]["values"][0]) == (-12.0, 100, -10.0)
    assert "clip-path" in api.get(f"/runs/{entering['id']}/landscape.svg").text
    outside = finished(api, work, {"function": {"name": "ravine"}, "descent": {"theta0": [1e6, 1e6], "steps": 3}})
    around = api.get(f"/runs/{outside['id']}/landscape").json()
    assert around["x"]["values"][-1] > 1e6


def test_a_narrow_valley_is_one_piece(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    shape = height_map(api.get(f"/runs/{run['id']}/landscape").json()["energy"])
    assert len(contour_generator(z=shape.heights).lines(shape.levels[0])) == 1


def test_the_pictures(api: TestClient, work: Work) -> None:
    for body in ({"function": {"name": "himmelblau"}}, {"function": {"name": "double_well"}}, ROSENBROCK):
        run = finished(api, work, body)
        for picture in ("landscape.svg", "curves.svg?lang=fr", "landscape.png", "curves.png"):
            answer = api.get(f"/runs/{run['id']}/{picture}")
            assert answer.status_code == 200, answer.text
        svg = api.get(f"/runs/{run['id']}/landscape.svg").text
        assert svg.count('class="minimum"') == len(run["function"]["minima"]) + bool(run["function"]["minima"])
        curves = api.get(f"/runs/{run['id']}/curves.svg").text
        assert "loss E(θ)" in curves
        assert "test MSE" not in curves


def test_the_landscape_of_a_formula_surrounds_the_path(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    found = api.get(f"/runs/{run['id']}/landscape?resolution=5").json()
    assert found["minima"] == []
    theta = np.array(columns(api, run)["theta"])
    assert found["x"]["values"][0] < theta[:, 0].min() < theta[:, 0].max() < found["x"]["values"][-1]
    three = finished(api, work, {"function": {"formula": "a**2 + b**2 + c**4"}})
    assert api.get(f"/runs/{three['id']}/landscape").json()["kind"] == "pca"

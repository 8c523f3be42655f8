"""Loss landscapes: exact E on the grid, and coordinates that map back to θ."""

import numpy as np
import pytest

from gd_engine import split_by_fraction
from gd_engine.analysis.loss_landscape import landscape, parameter_plane, path_plane
from gd_engine.arrays import FloatArray
from gd_engine.problem import Problem, pose
from tests.gd_engine.helpers import VARIANTS, descended


def problem_of(variant: str, *, columns: int = 2, reduce: bool = True) -> Problem:
    random = np.random.default_rng(3)
    x = random.normal(size=(30, columns))
    model = VARIANTS[variant]([f"x{i}" for i in range(columns)])
    y = x @ np.arange(1.0, columns + 1) + 0.1 * random.normal(size=30) + 2.0
    if model.task == "classification":
        y = np.digitize(y, np.quantile(y, np.arange(1, model.classes) / model.classes)).astype(np.float64)
    return pose(model, x, y, split_by_fraction(30, 0.2), reduce=reduce)


def path_of(problem: Problem, steps: int = 40) -> FloatArray:
    return descended(problem, "momentum", 0.02, steps)[0]["theta"]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ["parameters", "path"])
def test_the_grid_has_the_exact_e(variant: str, kind: str) -> None:
    problem = problem_of(variant)
    path = path_of(problem)
    plane = path_plane(path) if kind == "path" else parameter_plane((0, path.shape[1] - 1), path[-1])
    found = landscape(problem, path, plane, resolution=9)
    assert found.energy.shape == (9, 9)
    for row, column in [(0, 0), (4, 4), (8, 2)]:
        theta = plane.theta(np.array([[found.x[column], found.y[row]]]))[0]
        assert found.energy[row, column] == pytest.approx(float(problem.energy(theta)), rel=1e-9, abs=1e-12)
    assert found.x[0] < found.path[:, 0].min()
    assert found.path[:, 0].max() < found.x[-1]
    assert found.y[0] < found.path[:, 1].min()
    assert found.path[:, 1].max() < found.y[-1]


def test_the_plane_of_two_parameters_has_their_values() -> None:
    problem = problem_of("linear", columns=1)
    path = path_of(problem)
    found = landscape(problem, path, parameter_plane((0, 1), path[-1]))
    np.testing.assert_array_equal(found.path, path)
    swapped = landscape(problem, path, parameter_plane((1, 0), path[-1]))
    np.testing.assert_array_equal(swapped.path, path[:, ::-1])
    np.testing.assert_allclose(swapped.energy, found.energy.T, rtol=1e-12)


def test_one_parameter_is_a_line() -> None:
    problem = problem_of("linear, no intercept", columns=1)
    path = path_of(problem)
    found = landscape(problem, path, parameter_plane((0,), path[-1]), resolution=11)
    assert found.energy.shape == (1, 11)
    assert found.path.shape == (len(path), 1)
    assert found.energy[0, 3] == pytest.approx(float(problem.energy(np.array([found.x[3]]))))


def test_other_parameters_are_fixed() -> None:
    problem = problem_of("linear", columns=3)
    path = path_of(problem)
    plane = parameter_plane((1, 3), path[7])
    theta = plane.theta(np.array([[10.0, 20.0]]))[0]
    assert theta.tolist() == [path[7, 0], 10.0, path[7, 2], 20.0]


def test_the_plane_of_a_flat_path_explains_all_of_it_and_leads_back() -> None:
    random = np.random.default_rng(0)
    flat = np.array([1.0, 2.0, 3.0, 4.0]) + random.normal(size=(50, 2)) * [5.0, 0.1] @ random.normal(size=(2, 4))
    plane = path_plane(flat)
    assert plane.explained is not None
    assert sum(plane.explained) == pytest.approx(1.0)
    assert plane.explained[0] > 0.99
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane.theta(plane.coordinates(flat)), flat, atol=1e-9)
    assert plane.coordinates(flat)[-1].tolist() == [0.0, 0.0]


def test_the_axes_point_where_the_path_goes() -> None:
    path = path_of(problem_of("linear", columns=4))
    plane = path_plane(path)
    assert (plane.coordinates(path)[0] <= 0).all()


@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("steps", [0, 1])
def test_a_path_of_a_point_or_two_has_a_plane_too(columns: int, steps: int) -> None:
    problem = problem_of("linear", columns=columns)
    path = path_of(problem, steps)
    plane = path_plane(path)
    assert plane.axes.shape == (2, columns + 1)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    assert np.isfinite(landscape(problem, path, plane, resolution=5).energy).all()


def test_the_grid_keeps_non_finite_e() -> None:
    problem = problem_of("linear", columns=1)
    path = np.array([[0.0, 0.0], [1e200, 1e200]])
    found = landscape(problem, path, parameter_plane((0, 1), path[-1]), resolution=4)
    assert not np.isfinite(found.energy).all()


@pytest.mark.parametrize("far", [1.0, 1e8, 1e16, 1e300])
def test_the_points_of_a_grid_are_different_however_far_the_path_is_from_0(far: float) -> None:
    problem = problem_of("linear, no intercept", columns=1)
    found = landscape(problem, np.full((3, 1), far), parameter_plane((0,), np.array([far])), resolution=201)
    assert (np.diff(found.x) > 0).all()

"""The pictures of the landscape and of the criteria: positions, texts, file formats, arbitrary data."""

import math
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from gd_engine.analysis.loss_landscape import landscape, parameter_plane, path_plane
from service.plotting import Look, criteria_svg
from service.plotting.canvas import LEFT, PLOT_WIDE, THEMES, TOP
from service.plotting.height_map import height_map
from service.plotting.loss_landscape import landscape_svg
from service.plotting.rasterize import png
from service.storage.database import Database
from tests.gd_engine.analysis.test_loss_landscape import path_of, problem_of
from tests.service.helpers import fit_body, stored_run
from tests.service.helpers import problem_of as refusal

SVG = "{http://www.w3.org/2000/svg}"
LOOKS = [Look(), Look(600, "dark", "fr")]
number_or_none = st.none() | st.floats(min_value=0, allow_infinity=False)


def answer(columns: int = 1, variant: str = "linear", resolution: int = 21) -> dict[str, Any]:
    """A landscape as the API answers it."""
    problem = problem_of(variant, columns=columns)
    path = path_of(problem)
    count = path.shape[1]
    plane = parameter_plane(tuple(range(count)), path[-1]) if count <= 2 else path_plane(path)
    found = landscape(problem, path, plane, resolution=resolution)
    labels = ["intercept", "age"] if count == 2 else ["age", None] if count == 1 else ["PC 1", "PC 2"]
    return {
        "kind": "exact" if count <= 2 else "pca",
        "x": {"label": labels[0], "values": found.x.tolist()},
        "y": {"label": labels[1], "values": found.y.tolist()},
        "energy": found.energy.tolist(),
        "explained": plane.explained,
        "path": {
            "step": list(range(len(path))),
            "x": found.path[:, 0].tolist(),
            "y": found.path[:, -1].tolist(),
            "train_loss": [float(problem.energy(theta)) for theta in path],
        },
    }


def elements(document: str, tag: str, kind: str | None = None) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(document)
    return [each for each in root.iter(SVG + tag) if kind is None or each.get("class") == kind]


def points(d: str) -> list[tuple[float, float]]:
    numbers = [float(part) for part in re.findall(r"-?[\d.]+", d)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def texts(document: str) -> list[str]:
    return [each.text or "" for each in elements(document, "text")]


class TestLandscape:
    @pytest.mark.parametrize("look", LOOKS)
    @pytest.mark.parametrize("columns", [1, 4])
    def test_the_path_is_drawn_at_its_coordinates(self, columns: int, look: Look) -> None:
        data = answer(columns)
        document = landscape_svg("a run", data, look, best=3)
        [path] = elements(document, "path", "path")
        x, y = np.array(data["x"]["values"]), np.array(data["y"]["values"])
        [frame] = [each for each in elements(document, "rect") if each.get("stroke") == look.colours.muted]
        high = float(frame.get("height", "nan"))
        drawn = np.array(points(path.get("d", "")))
        expected = [LEFT + PLOT_WIDE * (np.array(data["path"]["x"]) - x[0]) / np.ptp(x)]
        expected.append(TOP + high * (1 - (np.array(data["path"]["y"]) - y[0]) / np.ptp(y)))
        np.testing.assert_allclose(drawn, np.transpose(expected), atol=0.11)  # path and frame have one decimal

    def test_each_level_has_an_area_and_a_contour(self) -> None:
        data = answer()
        shape = height_map(data["energy"])
        document = landscape_svg("a run", data, Look())
        assert 5 < len(shape.levels) <= 14
        assert len(elements(document, "path", "contour")) == len(shape.levels)
        assert len(elements(document, "path", "ground")) == len(shape.levels) + 1
        assert elements(document, "path", "ground")[0].get("fill") == THEMES["light"].ground[0]

    def test_contours_lie_where_e_has_their_value(self) -> None:
        axis = np.linspace(-1.0, 1.0, 101)
        x, y = np.meshgrid(axis, axis)
        data = answer() | {"x": {"label": "a", "values": axis.tolist()}, "y": {"label": "b", "values": axis.tolist()}}
        data["energy"] = (x**2 + y**2).tolist()
        data["path"] = {"step": [0, 1], "x": [0.5, 0.0], "y": [0.5, 0.0], "train_loss": [0.5, 0.0]}
        shape = height_map(data["energy"])
        unit = (2.0 - 0.0) / math.expm1(shape.highest)
        for level, line in zip(shape.levels, elements(landscape_svg("", data, Look()), "path", "contour"), strict=True):
            radius = math.sqrt(unit * math.expm1(level)) * PLOT_WIDE / 2
            centre = np.array([LEFT + PLOT_WIDE / 2, TOP + PLOT_WIDE / 2])
            far = np.linalg.norm(np.array(points(line.get("d", ""))) - centre, axis=1)
            np.testing.assert_allclose(far, radius, atol=1.5)

    def test_the_axes_have_labels(self) -> None:
        assert {"intercept", "age"} <= set(texts(landscape_svg("", answer(), Look())))
        data = answer(4)
        found = texts(landscape_svg("", data, Look(language="fr")))
        percent = f"{100 * data['explained'][0]:.1f}".removesuffix(".0").replace(".", ",")
        assert f"PC 1 ({percent} % de la variance du chemin)" in found

    def test_a_landscape_of_one_parameter_is_a_curve(self) -> None:
        document = landscape_svg("", answer(1, "linear, no intercept"), Look())
        [curve] = elements(document, "path", "energy")
        assert len(points(curve.get("d", ""))) == 21
        assert not elements(document, "path", "contour")
        assert "E(θ)" in texts(document)

    def test_non_finite_e_is_hatched(self) -> None:
        data = answer()
        assert not elements(landscape_svg("", data, Look()), "pattern")
        data["energy"][3][:5] = [None] * 5
        assert len(elements(landscape_svg("", data, Look()), "pattern")) == 1
        data["energy"] = [[None] * 21] * 21
        assert len(elements(landscape_svg("", data, Look()), "pattern")) == 1

    def test_it_has_an_accessible_description(self) -> None:
        root = ElementTree.fromstring(landscape_svg("<b>&", answer(), Look(language="fr")))
        assert root.get("role") == "img"
        assert root.get("lang") == "fr"
        assert [each.text for each in root if each.tag == SVG + "title"] == ["<b>& : le relief"]
        [description] = [each.text or "" for each in root if each.tag == SVG + "desc"]
        assert description.startswith("E selon intercept et age, les seuls paramètres. E va de ")

    @given(st.lists(st.lists(number_or_none, min_size=3, max_size=3), min_size=3, max_size=3), st.text())
    def test_any_landscape_is_drawn(self, energy: list[list[float | None]], name: str) -> None:
        data = answer(resolution=3) | {"energy": energy}
        document = landscape_svg(name, data, Look())
        ElementTree.fromstring(document)
        assert not re.search(r"\b(nan|inf)\b", " ".join(each.get("d", "") for each in elements(document, "path")))


COLUMNS: dict[str, list[float | None]] = {
    "step": [0, 10, 20, 30],
    "train_mse": [100.0, 10.0, 1.0, 0.1],
    "test_mse": [100.0, 1.0, None, 10.0],
    "train_loss": [100.0, 10.0, 1.0, 0.1],
}


class TestCriteria:
    def test_the_best_test_step_is_marked(self) -> None:
        document = criteria_svg("a run", COLUMNS, Look(), best=10)
        ring, _ = elements(document, "circle", "best")
        assert float(ring.get("cx", "nan")) == pytest.approx(LEFT + PLOT_WIDE / 3, abs=0.06)
        assert "lowest test MSE: step 10" in texts(document)

    def test_a_gap_splits_a_curve(self) -> None:
        document = criteria_svg("a run", COLUMNS, Look())
        [test] = [each for each in elements(document, "path") if each.findtext(SVG + "title") == "test MSE"]
        assert test.get("d", "").count("M") == 2

    def test_a_divergence_is_marked(self) -> None:
        document = criteria_svg("a run", COLUMNS, Look(language="fr"), diverged_at=31)
        assert "a divergé à l'étape 31" in texts(document)

    @pytest.mark.parametrize("column", [[], [None], [math.inf], [0.0]])
    def test_a_picture_without_data_says_so(self, column: list[float | None]) -> None:
        columns = dict.fromkeys(("train_mse", "test_mse", "train_loss"), column)
        document = criteria_svg("a run", {"step": list(range(len(column))), **columns}, Look())
        assert "nothing to draw" in texts(document)


class TestPng:
    @pytest.mark.parametrize("look", LOOKS)
    def test_it_has_the_requested_width(self, look: Look) -> None:
        picture = png(landscape_svg("a run", answer(), look))
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(picture[16:20]) == look.width

    def test_texts_need_no_font_of_the_system(self) -> None:
        empty = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20" font-family="sans-serif">{}</svg>'
        assert png(empty.format('<text y="15">θ₀ ∇E 10⁻⁵</text>')) != png(empty.format(""))


class TestRoutes:
    @pytest.fixture
    def path(self, database: Database) -> str:
        rows = np.linspace(2.0, 1.0, 31)[:, None] * np.ones(7)
        run_id = stored_run(database, fit_body(descent={"steps": 30}, name="Ça <va>"), rows, best=9)
        return f"/runs/{run_id}"

    @pytest.mark.parametrize("picture", ["landscape", "curves"])
    def test_both_pictures_as_both_kinds_of_file(self, api: TestClient, path: str, picture: str) -> None:
        drawn = api.get(f"{path}/{picture}.svg?width=500&theme=dark&lang=fr")
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
        assert drawn.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        root = ElementTree.fromstring(drawn.text)
        assert (root.get("width"), root.get("lang")) == ("500", "fr")
        assert "Ça <va>" in (root.findtext(SVG + "title") or "")
        pixels = api.get(f"{path}/{picture}.png?width=500")
        assert pixels.headers["content-type"] == "image/png"
        assert int.from_bytes(pixels.content[16:20]) == 500

    @pytest.mark.parametrize("picture", ["landscape", "curves"])
    def test_a_repeated_request_with_the_etag_gets_status_304(self, api: TestClient, path: str, picture: str) -> None:
        etag = api.get(f"{path}/{picture}.svg").headers["etag"]
        again = api.get(f"{path}/{picture}.svg", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")

    def test_the_drawn_path_has_the_steps_of_the_json_answer(self, api: TestClient, path: str) -> None:
        numbers = api.get(f"{path}/landscape?to_step=4&resolution=9").json()
        drawn = api.get(f"{path}/landscape.svg?to_step=4&resolution=9").text
        assert len(numbers["path"]["step"]) == 5
        [line] = elements(drawn, "path", "path")
        assert len(points(line.get("d", ""))) == 5

    def test_a_live_run_has_a_picture(self, api: TestClient, database: Database) -> None:
        run_id = stored_run(database, fit_body(), np.ones((4, 7)), status=None)
        assert api.get(f"/runs/{run_id}/curves.svg").status_code == 200

    def test_without_a_step_there_is_nothing_to_draw(self, api: TestClient, database: Database) -> None:
        run_id = stored_run(database, fit_body(), status=None)
        for picture in ("landscape", "curves"):
            assert api.get(f"/runs/{run_id}/{picture}.svg").status_code == 409

    @pytest.mark.parametrize("query", ["curves.gif", "curves.svg?width=1", "curves.svg?theme=pink", "curves.svg?x=a"])
    def test_invalid_formats_and_parameters_are_refused(self, api: TestClient, path: str, query: str) -> None:
        refusal(api.get(f"{path}/{query}"), 422)

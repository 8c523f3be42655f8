"""The landscape of a run: contours, the path, the marker at the chosen step, and the surface in 3-D."""

import math
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import (
    DIVERGING,
    EXAMPLE,
    WIDTHS,
    cell,
    choose_step,
    expect_no_sideways_scroll,
    get,
    open_run,
)

pytestmark = pytest.mark.browser
LINE = {"x": [[1], [2], [3], [4], [5]], "y": [2.2, 4.1, 6.3, 7.7, 10.4]}
ONE = {"dataset": LINE, "model": {"kind": "linear", "intercept": False}, "descent": {"steps": 20}}
MANY = EXAMPLE | {"model": {"kind": "polynomial", "degree": 3}, "name": "Four parameters"}
CONVERGED = EXAMPLE | {"descent": {"steps": 1000, "learning_rate": 0.3}, "name": "Converged"}


def open_landscape(page: Page, service: Service, body: dict[str, Any], status: str = "Finished") -> str:
    run_id = open_run(page, service, body, status)
    page.get_by_text("The landscape: E around the path").click()
    expect(page.locator(".landscape-figure > svg")).to_be_visible()
    return run_id


def sides(page: Page) -> tuple[float, float]:
    frame = page.locator(".landscape .axes rect")
    return float(frame.get_attribute("width") or 0), float(frame.get_attribute("height") or 0)


def placed(page: Page, data: dict[str, Any], x: float, y: float) -> tuple[float, float]:
    """The expected position of a point of the plane in pixels."""
    (wide, high), across, up = sides(page), data["x"]["values"], data["y"]["values"]
    return wide * (x - across[0]) / (across[-1] - across[0]), high * (1 - (y - up[0]) / (up[-1] - up[0]))


def numbers(text: str | None) -> list[float]:
    return [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text or "")]


def ball(page: Page) -> tuple[float, float]:
    found = page.locator(".landscape-figure .ball")
    return float(found.get_attribute("cx") or "nan"), float(found.get_attribute("cy") or "nan")


def expect_the_ball_at(page: Page, data: dict[str, Any], step: int) -> None:
    expect(cell(page, "step")).to_have_text(str(step))
    i = data["path"]["step"].index(step)
    expect(page.get_by_label("The ball on the landscape")).to_have_attribute("aria-valuenow", str(step))
    assert ball(page) == pytest.approx(placed(page, data, data["path"]["x"][i], data["path"]["y"][i]), abs=0.05)


def test_the_path_has_the_coordinates_of_the_api(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, EXAMPLE)
    data = get(page, service, f"/runs/{run_id}/landscape")
    assert data["kind"] == "exact"
    drawn = numbers(page.locator(".landscape-figure .walk .line").get_attribute("d"))
    points = list(zip(data["path"]["x"], data["path"]["y"], strict=True))
    expected = [value for x, y in points for value in placed(page, data, x, y)]
    assert drawn == pytest.approx(expected, abs=0.02)
    expect(page.locator(".landscape .axes .name").first).to_have_text("intercept")
    expect(page.locator("#landscape-words")).to_contain_text("E over intercept and x, the only parameters")


def test_the_text_states_the_number_of_contours(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    contours = page.locator(".landscape-figure .contour")
    words = page.locator("#landscape-words").inner_text()
    found = re.search(r"(\d+) contours", words)
    assert found, words
    assert contours.count() == int(found[1]) > 5
    tints = contours.evaluate_all("paths => paths.map((path) => getComputedStyle(path).fill)")
    assert len(set(tints)) == len(tints)


def test_the_ball_follows_the_chosen_step(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, EXAMPLE)
    data = get(page, service, f"/runs/{run_id}/landscape")
    slider = page.get_by_role("slider", name="Step", exact=True)
    slider.press("Home")
    expect_the_ball_at(page, data, 0)
    for _ in range(5):
        slider.press("ArrowRight")
    expect_the_ball_at(page, data, 5)


def test_keys_and_the_pointer_choose_the_step(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, EXAMPLE)
    data = get(page, service, f"/runs/{run_id}/landscape")
    figure = page.get_by_label("The ball on the landscape")
    figure.focus()
    for key, step in (("Home", 0), ("ArrowRight", 1), ("PageUp", 11), ("ArrowLeft", 10), ("End", 100)):
        page.keyboard.press(key)
        expect_the_ball_at(page, data, step)
    expect(figure).to_have_attribute("aria-valuetext", re.compile(r"^Step 100: intercept \d.*, x \d.*, E \d"))
    box = page.locator(".landscape .axes rect").bounding_box()
    assert box is not None
    x, y = placed(page, data, data["path"]["x"][3], data["path"]["y"][3])
    page.mouse.move(box["x"] + x, box["y"] + y)
    expect_the_ball_at(page, data, 3)
    page.mouse.move(box["x"] + 30, box["y"] + 30)  # far from the path
    expect_the_ball_at(page, data, 3)


def test_the_arrow_points_down_the_gradient(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, EXAMPLE)
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    arrow = page.locator(".landscape-figure .arrow")
    expect(arrow).to_be_visible()
    data = get(page, service, f"/runs/{run_id}/landscape")
    gradient = get(page, service, f"/runs/{run_id}/steps/0")["gradient"]
    (x0, y0), (x1, y1) = placed(page, data, 0, 0), placed(page, data, -gradient[0], -gradient[1])
    *place, turn = numbers(arrow.get_attribute("transform"))
    assert turn == pytest.approx(math.degrees(math.atan2(y1 - y0, x1 - x0)), abs=0.1)
    assert place == pytest.approx(list(ball(page)), abs=0.01)


def test_a_gradient_below_its_rounding_error_has_no_arrow(page: Page, service: Service) -> None:
    open_landscape(page, service, CONVERGED)
    arrow, why = page.locator(".landscape-figure .arrow"), page.locator(".landscape .no-arrow")
    page.wait_for_load_state("networkidle")
    expect(arrow).to_be_hidden()
    expect(why).to_contain_text("its own rounding error")
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    expect(arrow).to_be_visible()
    expect(why).to_be_empty()


def test_the_arrow_never_points_upwards_on_the_drawn_surface(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, MANY)
    *_, first, last = get(page, service, f"/runs/{run_id}")["parameters"]
    page.get_by_label("Plane").select_option("pair")
    page.get_by_label("Across").select_option(first)
    page.get_by_label("Upwards").select_option(last)
    expect(page.locator(".landscape .axes .name").last).to_have_text(last)
    data = page.request.get(
        f"{service.url}/runs/{run_id}/landscape", params={"kind": "pair", "x": first, "y": last}
    ).json()
    arrow, why = page.locator(".landscape-figure .arrow"), page.locator(".landscape .no-arrow")
    explanations = set()
    for step in (0, 3, 10, 30):
        choose_step(page, step)
        place, towards = beside(data, get(page, service, f"/runs/{run_id}/steps/{step}"))
        if falls(data, place, towards):
            expect(arrow).to_be_visible()
            expect(why).to_be_empty()
        else:
            expect(why).to_contain_text("θ lies beside this plane")
            expect(arrow).to_be_hidden()
        explanations.add(why.inner_text())
    assert len(explanations) == 2, "some steps have an arrow and some an explanation"


def beside(data: dict[str, Any], answer: dict[str, Any]) -> tuple[list[float], list[float]]:
    """The projection of θ and of −∇E onto the plane of two parameters."""
    chosen = [axis.index(1.0) for axis in data["plane"]["axes"]]
    return [answer["theta"][i] for i in chosen], [-answer["gradient"][i] for i in chosen]


def falls(data: dict[str, Any], place: list[float], towards: list[float]) -> bool:
    """True if E on the grid falls over half a cell in a direction."""
    sides = [np.array(data[name]["values"]) for name in "xy"]
    cells = np.array([side[1] - side[0] for side in sides])
    ahead = np.array(place) + 0.5 * np.array(towards) / np.linalg.norm(np.array(towards) / cells)

    def energy(point: Any) -> float:
        rows = [np.interp(point[0], sides[0], row) for row in data["energy"]]
        return float(np.interp(point[1], sides[1], rows))

    return energy(ahead) < energy(np.array(place))


def test_more_than_two_parameters_have_a_plane_to_choose(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, MANY)
    data = get(page, service, f"/runs/{run_id}/landscape")
    share = f"{100 * data['explained'][0]:.1f}".removesuffix(".0")
    axis = page.locator(".landscape .axes .name")
    expect(axis.first).to_have_text(f"PC 1 ({share}% of the path’s variance)")
    expect(page.locator("#landscape-words")).to_contain_text("the plane that is closest to the path")
    page.get_by_label("Plane").select_option("pair")
    page.get_by_label("Upwards").select_option(data["parameters"][3])
    expect(axis.last).to_have_text(data["parameters"][3])
    with page.expect_response(re.compile("resolution=25")) as caught:
        page.get_by_label("Grid").select_option("25")
    assert (caught.value.json()["kind"], len(caught.value.json()["energy"])) == ("pair", 25)


def test_one_parameter_is_a_curve(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, ONE)
    data = get(page, service, f"/runs/{run_id}/landscape")
    curve = numbers(page.locator(".landscape-figure .energy").get_attribute("d"))
    assert len(curve) == 2 * len(data["x"]["values"])
    expect(page.locator(".landscape .axes .name").last).to_have_text("E(θ)")
    expect(page.get_by_role("button", name="Surface in 3-D")).to_be_hidden()
    expect(page.locator(".landscape-figure .contour")).to_have_count(0)


def test_a_divergence_shows_the_beginning_of_its_path(page: Page, service: Service) -> None:
    run_id = open_landscape(page, service, DIVERGING, status="Diverged")
    last = get(page, service, f"/runs/{run_id}")["steps_done"]
    expect(page.get_by_label("Path until")).to_have_value("20" if last > 20 else str(last))
    with page.expect_response(re.compile("to_step=2$")) as caught:
        page.get_by_label("Path until").fill("2")
        page.keyboard.press("Tab")
    assert caught.value.json()["path"]["step"] == [0, 1, 2]


def test_the_svg_picture_has_the_contours_of_the_page(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    contours = page.locator(".landscape-figure .contour").count()
    link = page.locator(".landscape").get_by_role("link", name="SVG").get_attribute("href")
    drawn = page.request.get(f"{service.url}/{link}").text()
    assert drawn.count('class="contour"') == contours


def test_the_surface_is_loaded_on_demand_and_removed_completely(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/", moves=True)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    open_landscape(page, service, EXAMPLE)
    assert not [url for url in loaded if "three" in url]
    page.get_by_role("button", name="Surface in 3-D").click()
    canvas = page.locator(".hill canvas")
    expect(canvas).to_be_visible()
    assert [url for url in loaded if url.endswith("three.module.min.js")]
    expect(page.locator(".hill .axis-name").first).to_have_text("intercept")
    expect(page.locator("#landscape-words")).to_contain_text("the logarithm of E’s distance")
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    before = picture(canvas)
    page.get_by_role("slider", name="Step", exact=True).press("PageUp")
    rolled = picture(canvas, after=before)
    canvas.press("ArrowLeft")
    turned = picture(canvas, after=rolled)
    page.get_by_role("button", name="Reset the view").click()
    assert picture(canvas, after=turned) == rolled
    page.get_by_role("button", name="Map").click()
    expect(canvas).to_have_count(0)
    expect(page.locator(".landscape-figure > svg")).to_be_visible()


def picture(canvas: Locator, after: bytes | None = None) -> bytes:
    """The picture once it is stable; with `after`, once it differs from that picture."""
    canvas.page.mouse.move(0, 0)
    last = after
    for _ in range(1_000):
        now = canvas.screenshot()
        if now == last != after:
            return now
        last = now
    raise AssertionError("the picture never becomes stable, or never changes")


def test_without_webgl_it_says_so(pages: Pages, service: Service) -> None:
    page = pages.open(service.url)
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return kind === '2d' ? get.call(this, kind, ...more) : null; }"
    )
    page.reload()
    open_landscape(page, service, EXAMPLE | {"dataset": LINE})
    page.get_by_role("button", name="Surface in 3-D").click()
    expect(page.locator(".landscape")).to_contain_text("This browser does not draw in 3-D")


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_every_screen_in_french_too(pages: Pages, service: Service, width: int) -> None:
    page = pages.open(service.url, width=width, locale="fr-FR", dark=True)
    open_run(page, service, MANY, status="Arrêtée après 100 étapes")
    page.get_by_text("Le relief : E autour du chemin").click()
    expect(page.locator(".landscape-figure > svg")).to_be_visible()
    expect(page.locator("#landscape-words")).to_contain_text("courbes de niveau : chacune est")
    expect_no_sideways_scroll(page)
    page.get_by_role("button", name="Surface en 3D").click()
    expect(page.locator(".hill canvas")).to_be_visible()
    expect_no_sideways_scroll(page)

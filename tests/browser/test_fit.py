"""The panel "Data and fit": the data and the predictions f(θ, x) at the chosen step."""

import re
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import EXAMPLE, choose_step, get, open_run
from tests.waiting import until

pytestmark = pytest.mark.browser
# Two linearly separable classes, with one test row each.
CLASSES: dict[str, Any] = {
    "dataset": {
        "x": [[0, 0], [1, 0.5], [0.5, 1], [1, 1], [4, 4], [3, 4], [4, 3], [3, 3]],
        "y": ["left", "left", "left", "left", "right", "right", "right", "right"],
        "feature_names": ["east", "north"],
    },
    "split": {"test_rows": [3, 7]},
    "model": {"kind": "logistic"},
    "descent": {"steps": 200, "learning_rate": 0.5},
}


def fit_view(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("Data and fit|Données et modèle"))


def picture_of(page: Page) -> Locator:
    """Waits for the picture and returns its element."""
    picture = fit_view(page).get_by_role("img")
    expect(picture).to_be_visible()  # the first request starts a process
    return picture


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)]


def marks(page: Page, name: str) -> int:
    """The number of points drawn as this kind of mark."""
    paths = fit_view(page).locator(f".fit-plot .mark.{name}").all()
    return sum((path.get_attribute("d") or "").count("M") for path in paths)


def expect_the_curve_of(page: Page, service: Service, run_id: str, step: int) -> None:
    found = get(page, service, f"/runs/{run_id}/predictions?step={step}")
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile(f"At step {step},"))
    curve, x = found["prediction"][0], found["x"]["values"]
    described = numbers((picture_of(page).get_attribute("aria-label") or "").partition(f"step {step}, f(θ, x)")[2])
    assert described == pytest.approx([curve[0], x[0], curve[-1], x[-1]], rel=1e-4)


def test_the_curve_follows_the_cursor(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    expect_the_curve_of(page, service, run_id, 100)
    points = get(page, service, f"/runs/{run_id}/predictions?step=0")["points"]
    assert (marks(page, "train"), marks(page, "test")) == (points["test"].count(False), points["test"].count(True))
    expect(fit_view(page).locator(".fit-plot .best-fit")).to_have_count(1)
    line = fit_view(page).locator(".fit-plot .fit")
    last = line.get_attribute("d")
    slider = page.get_by_role("slider", name="Step")
    slider.press("Home")
    expect_the_curve_of(page, service, run_id, 0)
    assert line.get_attribute("d") != last
    slider.press("ArrowRight")
    expect_the_curve_of(page, service, run_id, 1)


def test_the_best_test_step_is_not_drawn_twice(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    best = get(page, service, f"/runs/{run_id}")["best"]["step"]
    choose_step(page, best)
    expect_the_curve_of(page, service, run_id, best)
    expect(fit_view(page).locator(".fit-plot .best-fit")).to_have_count(0)


def test_the_nearest_fetched_step_is_drawn_until_the_chosen_one_arrives(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE | {"descent": {"steps": 900, "learning_rate": 0.05}})
    expect_the_curve_of(page, service, run_id, 900)
    fetched = get(page, service, f"/runs/{run_id}/predictions?max_steps=60")["step"]
    between = next(step for step in count(1) if step not in fetched)
    nearest = min(fetched, key=lambda step: abs(step - between))
    held: list[Route] = []
    page.route("**/predictions?step=*", lambda route: held.append(route))  # noqa: PLW0108 - a method is refused
    with page.expect_request(f"**/predictions?step={between}&*"):
        choose_step(page, between)
    note = fit_view(page).locator(".note")
    expect(note).to_have_text(f"Drawn at step {nearest}, the nearest at hand.")
    until(lambda: page.evaluate("true") and held)  # routes arrive while Playwright waits for the page
    for route in held:
        route.continue_()
    expect(note).to_be_empty()
    expect_the_curve_of(page, service, run_id, between)


def test_the_curve_follows_a_playback(page: Page, service: Service) -> None:
    page.clock.install()
    open_run(page, service, EXAMPLE)
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile("At step 100,"))
    page.get_by_role("button", name="Play", exact=True).click()
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile(r"At step \d\d?,"))
    page.clock.fast_forward("00:12")
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile("At step 100,"))


@pytest.mark.parametrize(("locale", "step"), [("en-GB", "At step 200"), ("fr-FR", "À l’étape 200")])
def test_the_regions_of_two_classes_are_drawn(pages: Pages, service: Service, locale: str, step: str) -> None:
    page = pages.open(service.url, locale=locale)
    run_id = open_run(page, service, CLASSES, status="200")
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile(step))
    found = get(page, service, f"/runs/{run_id}/predictions?step=200")
    chances = found["prediction"][0]
    right = round(100 * sum(chance >= 0.5 for chance in chances) / len(chances))
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile(f"right {right} %"))
    for name in ("class-0", "class-1"):
        assert (marks(page, f"train.{name}"), marks(page, f"test.{name}")) == (3, 1)
        expect(fit_view(page).locator(f".fit-plot .region.{name}")).to_have_attribute("d", re.compile("^M.*Z$"))
    expect(fit_view(page).locator(".legend")).to_contain_text("left")


def test_many_features_are_drawn_as_predicted_against_given(page: Page, service: Service) -> None:
    run_id = open_run(page, service, {"dataset": {"sample": "longley"}, "standardize": True})
    expect(picture_of(page)).to_have_attribute("aria-label", re.compile("At step 100,"))
    found = get(page, service, f"/runs/{run_id}/predictions?step=100")
    body = {"x": found["points"]["x"], "step": 100}
    predicted = page.request.post(f"{service.url}/runs/{run_id}/predict", data=body).json()["y"]
    assert found["fitted"][0] == pytest.approx(predicted, rel=1e-12)
    off = sorted(abs(hat - y) for hat, y in zip(found["fitted"][0], found["points"]["y"], strict=True))
    described = numbers(picture_of(page).get_attribute("aria-label") or "")
    assert described == pytest.approx([len(off), 100, off[len(off) // 2]], rel=1e-4)
    assert marks(page, "train") + marks(page, "test") == len(off)

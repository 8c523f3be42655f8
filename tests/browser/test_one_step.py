"""All parts of a view show the same step, also during a playback and while requests are pending."""

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Service
from tests.browser.test_landscape import open_landscape
from tests.browser.test_page import EXAMPLE, cell, choose_step, open_run

pytestmark = pytest.mark.browser
ROW = re.compile(r"/trajectory\?from_step=\d+&to_step=\d+$")
WATCH = """(frames) => new Promise((done) => {
  const seen = [];
  const look = () => {
    const slider = document.querySelector(".criteria input[type=range]");
    seen.push({
      slider: slider.value,
      words: /\\d+/.exec(slider.getAttribute("aria-valuetext"))[0],
      readout: /\\d+/.exec(document.querySelector(".readout h2").textContent)[0],
      cell: document.querySelector(".readout tr[data-column=step] td").textContent,
      ball: document.querySelector(".hill canvas").dataset.step,
    });
    if (seen.length < frames) requestAnimationFrame(look);
    else done(seen);
  };
  requestAnimationFrame(look);
})"""


class HeldRows:
    """Delays the answers for single steps until `let_go`."""

    def __init__(self, page: Page) -> None:
        self._routes: list[Route] = []
        self._held = True
        page.route(ROW, self._answer)

    def _answer(self, route: Route) -> None:
        if self._held:
            self._routes.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self._held = False
        for route in self._routes:
            route.continue_()


def test_readout_and_ball_show_the_same_step_during_a_playback_of_the_surface(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    page.get_by_role("button", name="Surface in 3-D").click()
    expect(page.locator(".hill canvas")).to_be_visible()
    expect(cell(page, "step")).to_have_text("100")
    held = HeldRows(page)
    page.get_by_role("button", name="Rewind").click()
    page.get_by_role("button", name="Play").click()
    frames: list[dict[str, Any]] = page.evaluate(WATCH, 40)
    assert len({frame["slider"] for frame in frames}) > 1
    for before, now in pairwise(frames):
        assert now["readout"] == now["cell"] == now["words"] == now["slider"]
        assert now["ball"] in {before["slider"], now["slider"]}, "the canvas follows one frame later"
    page.get_by_role("button", name="Pause").click()
    at = page.get_by_role("slider", name="Step", exact=True).input_value()
    expect(cell(page, "train_mse")).to_have_text("…")
    held.let_go()
    expect(cell(page, "train_mse")).to_have_text(re.compile(r"\d"))
    expect(cell(page, "step")).to_have_text(at)
    expect(page.locator(".hill canvas")).to_have_attribute("data-step", at)


def test_texts_and_further_charts_show_a_step_whose_numbers_are_pending(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    page.locator(".more-curves summary").click()
    needle = page.locator(".more-curves .needle")
    expect(needle).to_be_visible()
    expect(cell(page, "step")).to_have_text("100")
    before_the_choice = needle.get_attribute("style")
    held = HeldRows(page)
    slider = page.get_by_role("slider", name="Step", exact=True)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "Step 0")
    expect(page.get_by_label("The ball on the landscape")).to_have_attribute("aria-valuetext", "Step 0")
    expect(needle).not_to_have_attribute("style", before_the_choice or "")
    expect(cell(page, "theta.x")).to_have_text("…")
    held.let_go()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Step 0: train MSE"))


def test_the_further_charts_show_a_step_chosen_while_they_were_closed(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE)
    curves = page.locator(".more-curves summary")
    curves.click()
    needle = page.locator(".more-curves .needle")
    expect(needle).to_be_visible()
    before_the_choice = needle.get_attribute("style")
    curves.click()
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    expect(cell(page, "step")).to_have_text("0")
    page.route(re.compile("fields=step%2Ctheta"), lambda _: None)  # these would redraw the chart
    curves.click()
    expect(needle).to_be_visible()
    expect(needle).not_to_have_attribute("style", before_the_choice or "")


def test_the_ball_is_hidden_while_its_position_is_unknown(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    with page.expect_response(re.compile("to_step=2$")):
        page.get_by_label("Path until").fill("2")
        page.keyboard.press("Tab")
    expect(page.locator(".landscape-host")).not_to_have_attribute("aria-busy", "true")
    held = HeldRows(page)
    choose_step(page, 50)
    expect(page.get_by_label("The ball on the landscape")).to_have_attribute("aria-valuenow", "50")
    expect(page.locator(".landscape-figure .ball")).to_be_hidden()
    page.get_by_role("button", name="Surface in 3-D").click()
    canvas = page.locator(".hill canvas")
    expect(canvas).to_have_attribute("data-step", "")
    choose_step(page, 2)
    expect(canvas).to_have_attribute("data-step", "2")
    choose_step(page, 50)
    held.let_go()
    expect(cell(page, "train_mse")).to_have_text(re.compile(r"\d"))
    expect(canvas).to_have_attribute("data-step", "")  # outside the drawn surface


PLAY_AND_PRESS_HOME = """() => {
    document.querySelector(".player .play").click();
    const slider = document.querySelector(".stepper input[type=range]");
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
}"""


def test_choosing_a_step_ends_a_playback_and_a_passing_pointer_does_not(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE)
    slider = page.get_by_role("slider", name="Step", exact=True)
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator(".criteria .u-over").hover()
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_visible()
    slider.press("Home")
    expect(pause).to_be_hidden()
    expect(slider).to_have_value("0")
    expect(cell(page, "step")).to_have_text("0")
    page.evaluate(PLAY_AND_PRESS_HOME)  # in one task: the step is still 0 and no input event occurs
    expect(pause).to_be_hidden()
    expect(slider).to_have_value("0")


def test_the_arrow_stays_when_the_window_changes_its_size(page: Page, service: Service) -> None:
    open_landscape(page, service, EXAMPLE)
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    arrow = page.locator(".landscape-figure .arrow")
    expect(arrow).to_be_visible()
    drawn = arrow.get_attribute("transform") or ""
    page.set_viewport_size({"width": 700, "height": 900})
    expect(arrow).not_to_have_attribute("transform", drawn)
    expect(arrow).to_be_visible()

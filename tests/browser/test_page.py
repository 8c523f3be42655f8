"""The web page in a real browser, against a real service with workers."""

import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages, Service

EXAMPLE = {
    "dataset": {"sample": "norris"},
    "standardize": True,
    "descent": {"steps": 100, "learning_rate": 0.05},
    "name": "Norris, a first descent",
}
# On raw data the curvature of the sum of squares is in the millions: a learning rate of 1 diverges.
DIVERGING = {"dataset": {"sample": "norris"}, "preset": "course", "name": "The course's update, on raw data"}
pytestmark = pytest.mark.browser
WIDTHS = (390, 1280, 1920)


def fit(page: Page, service: Service, body: dict[str, Any]) -> str:
    answer = page.request.post(f"{service.url}/fit", data=body)
    assert answer.status == 202, answer.text()
    return str(answer.json()["id"])


def get(page: Page, service: Service, path: str) -> dict[str, Any]:
    answer = page.request.get(service.url + path)
    assert answer.status == 200, answer.text()
    body: dict[str, Any] = answer.json()
    return body


def open_run(page: Page, service: Service, body: dict[str, Any], status: str = "Finished") -> str:
    run_id = fit(page, service, body)
    page.goto(f"{service.url}/#/runs/{run_id}")
    expect(page.get_by_role("status")).to_contain_text(status)
    return run_id


def choose_step(page: Page, step: int) -> None:
    """Chooses a step once the page shows the end of the run."""
    expect(page.locator(".results")).to_be_visible()
    page.get_by_role("spinbutton", name="Step").fill(str(step))
    page.keyboard.press("Enter")


def cell(page: Page, column: str) -> Locator:
    """The readout's cell of a trajectory column."""
    return page.locator(f'.readout tr[data-column="{column}"] td')


def expect_no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def expect_the_numbers_of(page: Page, service: Service, run_id: str, step: int) -> None:
    row = get(page, service, f"/runs/{run_id}/trajectory?from_step={step}&to_step={step}")
    expect(cell(page, "step")).to_have_text(str(step))
    expect(cell(page, "train_loss")).not_to_have_text("…")  # the numbers arrive after the step changes
    shown = {name: row[name][0] for name in ("train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate")}
    shown |= {f"theta.{name}": value for name, value in zip(row["parameters"], row["theta"][0], strict=True)}
    for column, value in shown.items():
        assert float(cell(page, column).inner_text()) == value, column


def test_a_first_visitor_runs_the_example(new_service: Service, pages: Pages) -> None:
    page = pages.open(f"{new_service.url}/")
    expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
    page.get_by_role("button", name="Run an example").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Norris, a first descent")
    expect(page.get_by_role("status")).to_contain_text("Stopped after 100 steps")
    run_id = page.url.rpartition("/")[2]
    expect_the_numbers_of(page, new_service, run_id, 100)
    expect(page.locator(".criteria .plot")).to_have_attribute("aria-label", re.compile("Train MSE: .* at step 100"))
    page.get_by_role("link", name="All runs").click()
    row = page.get_by_role("row", name="Norris, a first descent")
    expect(row).to_contain_text("Finished")
    expect(row).to_contain_text("100 of 100")
    expect(page.get_by_role("button", name="Run an example")).to_be_visible()


def test_a_live_run_grows_and_is_cancelled(page: Page, service: Service) -> None:
    long = EXAMPLE | {"descent": {"steps": 5_000_000, "learning_rate": 1e-6}, "name": "A long one"}
    open_run(page, service, long, status="Running")
    slider = page.get_by_role("slider", name="Step")
    expect(slider).to_be_visible()
    early = int(slider.get_attribute("max") or 0)
    expect(slider).not_to_have_attribute("max", str(early))
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled at step")
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_a_live_run_is_paused_and_resumed(page: Page, service: Service) -> None:
    long = EXAMPLE | {"descent": {"steps": 5_000_000, "learning_rate": 1e-6}, "name": "A pause"}
    open_run(page, service, long, status="Running")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("Running")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled at step")


def test_a_fork_links_to_its_origin(page: Page, service: Service) -> None:
    parent = open_run(page, service, EXAMPLE)
    answer = page.request.post(f"{service.url}/runs/{parent}/fork", data={"from_step": 40})
    page.goto(f"{service.url}/#/runs/{answer.json()['id']}")
    page.get_by_role("link", name=f"run {parent[:12]}, step 40").click()
    expect(page).to_have_url(f"{service.url}/#/runs/{parent}")


def test_a_long_run_is_drawn_from_a_sample_but_read_at_any_step(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE | {"descent": {"steps": 3000, "learning_rate": 0.001}, "name": None})
    expect(page.locator(".criteria")).to_contain_text("Drawn from 1,000 steps out of 3,001")
    slider = page.get_by_role("slider", name="Step")
    slider.press("Home")
    for step in (1, 2, 3):  # neighbours, one of which the sample omits
        slider.press("ArrowRight")
        expect_the_numbers_of(page, service, run_id, step)


def test_the_arrow_keys_choose_the_step(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    expect(cell(page, "step")).to_have_text("100")
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    for key, step in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 100)):
        slider.press(key)
        expect_the_numbers_of(page, service, run_id, step)
    page.get_by_role("spinbutton", name="Step").fill("63")
    page.keyboard.press("Enter")
    expect_the_numbers_of(page, service, run_id, 63)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Step 63: train MSE"))


def test_the_pointer_chooses_a_step_of_the_chart(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    area = page.locator(".u-over")
    box = area.bounding_box()
    assert box is not None
    area.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect_the_numbers_of(page, service, run_id, 50)


def test_the_chart_changes_scale_and_shows_the_loss(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE)
    page.get_by_role("button", name="Linear").click()
    expect(page.get_by_role("button", name="Linear")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("checkbox", name="Loss E(θ)").check()
    expect(page.locator(".criteria .plot")).to_have_attribute("aria-label", re.compile("Loss E"))


def test_a_diverging_run_says_at_which_step(page: Page, service: Service) -> None:
    run_id = open_run(page, service, DIVERGING, status="Diverged")
    run = get(page, service, f"/runs/{run_id}")
    expect(page.get_by_role("status")).to_contain_text(f"Diverged at step {run['diverged_at']}: θ or E")
    expect_the_numbers_of(page, service, run_id, run["diverged_at"] - 1)


def test_without_test_data_the_page_says_so(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE | {"split": {"test_fraction": 0}})
    expect(page.locator(".criteria")).to_contain_text("This run keeps no test data")
    expect(cell(page, "test_mse")).to_have_text("–")


def test_a_run_is_deleted_after_a_confirmation(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE | {"name": "Not for long"})
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    assert page.request.get(f"{service.url}/runs/{run_id}").status == 404


def test_names_are_text_and_never_markup(page: Page, service: Service) -> None:
    name = "<img src=x onerror=alert(1)>"
    open_run(page, service, EXAMPLE | {"name": name})
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_french_by_the_browser_and_by_the_switch(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/", locale="fr-FR")
    open_run(page, service, EXAMPLE, status="Arrêtée après 100 étapes")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator(".criteria")).to_contain_text("On optimise deux choses.")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("status")).to_contain_text("Stopped after 100 steps")
    page.reload()  # the stored choice overrides the browser's language
    expect(page.get_by_role("status")).to_contain_text("Stopped after 100 steps")


def test_dark_by_the_system_and_by_the_switch(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/", dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    switch = page.get_by_role("button", name="Dark")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(paper) != dark
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(pages: Pages, service: Service, width: int) -> None:
    page = pages.open(f"{service.url}/", width=width)
    open_run(page, service, EXAMPLE | {"name": "a_long_name_without_any_space_" * 6})
    expect(cell(page, "step")).to_have_text("100")
    expect_no_sideways_scroll(page)
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("table", name="Runs")).to_be_visible()
    expect_no_sideways_scroll(page)


@pytest.mark.parametrize("width", [780, 900])
def test_the_french_list_fits_a_narrow_window(width: int, pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/", width=width, locale="fr-FR")
    fit(page, service, EXAMPLE | {"descent": {"steps": 20_000, "learning_rate": 1e-5, "stop": {"loss_change": 1e-9}}})
    expect(page.locator("tbody tr").first.locator(".cell-status")).to_contain_text("Descend encore")
    fit(page, service, DIVERGING | {"descent": {"steps": 10_000_000}})
    expect(page.locator("tbody tr").first.locator(".cell-train_mse")).to_contain_text("e+")
    expect_no_sideways_scroll(page)


def test_swagger_ui_runs_its_example(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/docs")
    block = page.locator(".opblock-post", has=page.locator("[data-path='/fit']"))
    block.locator(".opblock-summary").click()
    expect(block.locator("textarea.body-param__text")).to_have_value(re.compile('"dataset"'))
    with page.expect_response(re.compile("/fit")) as caught:
        block.get_by_role("button", name="Execute").click()
    assert caught.value.status == 202
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("202")
    run_id = caught.value.json()["id"]
    shown = block.locator(".live-responses-table .highlight-code").first
    expect(shown).to_contain_text(run_id)
    expect(shown.locator("span")).to_have_count(0)  # an element of each number takes seconds for a trajectory
    page.goto(f"{service.url}/#/runs/{run_id}")
    expect(page.get_by_role("status")).to_contain_text("Finished")
    assert get(page, service, f"/runs/{run_id}")["status"] == "succeeded"


def test_swagger_ui_fills_in_and_reads_latest(pages: Pages, service: Service, client: httpx2.Client) -> None:
    client.post("/datasets", json={"x": [[1], [2]], "y": [1, 2]})
    client.post("/sweeps", json={"base": EXAMPLE, "grid": {"/split/seed": [1]}})
    client.post("/fit", json=EXAMPLE, headers={"Prefer": "wait=60"})
    paths = [
        path for path, item in client.get("/openapi.json").json()["paths"].items() if "get" in item and "{" in path
    ]
    page = pages.open(f"{service.url}/docs")
    for path in paths:
        block = page.locator(".opblock-get", has=page.locator(f"[data-path='{path}']"))
        block.locator(".opblock-summary").click()
        with page.expect_response(lambda response: response.request.resource_type == "fetch") as caught:
            block.get_by_role("button", name="Execute").click()
        assert caught.value.status == 200, path
        block.locator(".opblock-summary").click()  # Swagger UI renders every open operation at each change
    assert len(paths) == 15


def test_the_page_recovers_from_an_error_of_the_service(pages: Pages, service: Service) -> None:
    pages.expected = "503|ERR_FAILED"
    page = pages.open(f"{service.url}/")
    expect(page.get_by_role("alert")).to_have_count(0)
    problem = '{"title": "Database is busy", "status": 503, "detail": "Try again in a moment."}'
    page.route(
        "**/runs?*", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem)
    )
    expect(page.get_by_role("alert")).to_contain_text("Database is busy Try again in a moment.")
    page.unroute("**/runs?*")
    page.route("**/runs?*", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
    page.unroute("**/runs?*")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_unknown_run_is_reported(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = pages.open(f"{service.url}/#/runs/nothing-here")
    missing = page.request.get(f"{service.url}/runs/nothing-here").json()
    expect(page.get_by_role("alert")).to_contain_text(missing["detail"])

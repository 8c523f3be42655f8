"""The comparison view shows the API's values."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import DIVERGING, EXAMPLE, WIDTHS, expect_no_sideways_scroll, fit, get
from tests.waiting import until

pytestmark = pytest.mark.browser
SLOW = EXAMPLE | {"name": "slow"}
FAST = EXAMPLE | {"name": "fast", "descent": {"steps": 100, "learning_rate": 0.4}}
SHORT = EXAMPLE | {
    "name": "short",
    "descent": {"steps": 60, "learning_rate": 0.02, "optimizer": {"kind": "momentum"}, "theta0": [-300, 500]},
}
LONG = EXAMPLE | {"name": "long", "descent": {"steps": 3000, "learning_rate": 0.001}}
COLUMNS = ("train_loss", "train_mse", "test_mse", "optimality_gap", "gradient_norm", "learning_rate")


def finished(page: Page, service: Service, *bodies: dict[str, Any]) -> list[str]:
    """Submits these runs and waits for their end. Returns their ids."""
    answers = [page.request.post(f"{service.url}/fit", data=body, headers={"Prefer": "wait=60"}) for body in bodies]
    assert [answer.status for answer in answers] == [200] * len(bodies)
    return [str(answer.json()["id"]) for answer in answers]


def compare(page: Page, service: Service, ids: list[str]) -> None:
    page.goto(f"{service.url}/#/compare?runs={','.join(ids)}")
    expect(page.locator(".standings tbody tr")).to_have_count(len(ids))
    expect(page.locator(".compared")).to_be_visible()


def value(page: Page, run_id: str) -> Locator:
    """The element with a run's value at the chosen step."""
    return page.locator(f'.standings tr[data-run="{run_id}"] .value')


def expect_value(page: Page, run_id: str, number: float) -> None:
    def is_shown() -> bool:
        text = value(page, run_id).inner_text().replace(",", ".")
        return re.fullmatch(r"[\d.e+-]+", text) is not None and float(text) == number

    until(is_shown)


def cells_of(page: Page, row: str) -> list[str]:
    """The texts of a table row."""
    return page.locator(f'.compared tr[data-row="{row}"] td').all_inner_texts()


def go_to(page: Page, step: int) -> None:
    page.get_by_role("spinbutton", name="Step").fill(str(step))
    page.keyboard.press("Enter")
    expect(page.locator("#standings")).to_have_text(f"Step {step:,}")


def stored(page: Page, service: Service, run_id: str, step: int, fields: str) -> dict[str, Any]:
    return get(page, service, f"/runs/{run_id}/trajectory?from_step={step}&to_step={step}&fields={fields}")


def test_runs_are_chosen_in_the_list_with_the_keyboard(page: Page, service: Service) -> None:
    slow, fast = finished(page, service, SLOW, FAST)
    page.goto(f"{service.url}/#/")
    button = page.get_by_role("button", name="Compare", exact=True)
    hint = page.get_by_role("status")
    expect(hint).to_have_text("Tick two runs or more to lay them side by side.")
    button.press("Enter")
    expect(hint).to_have_class("missing")
    expect(button).to_be_focused()
    page.get_by_role("checkbox", name="Compare fast").first.press("Space")
    expect(hint).to_have_text("One run is ticked: tick one more.")
    page.get_by_role("checkbox", name="Compare slow").first.press("Space")
    expect(hint).to_have_text("2 runs are ticked.")
    button.press("Enter")
    expect(page).to_have_url(f"{service.url}/#/compare?runs={fast},{slow}")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs side by side")
    expect(page.locator(".standings tbody tr").first).to_have_attribute("data-run", fast)
    expect(page).to_have_title("fast, slow · Descent")


def test_at_most_eight_runs_are_compared(page: Page, service: Service) -> None:
    finished(page, service, *[EXAMPLE | {"descent": {"steps": 1}, "name": f"one of nine, {i}"} for i in range(9)])
    page.goto(f"{service.url}/#/")
    for i in range(9):
        page.get_by_role("checkbox", name=f"Compare one of nine, {i}").first.check()
    expect(page.get_by_role("status")).to_have_text("At most 8 at once: untick 1.")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(f"{service.url}/#/")
    page.get_by_role("checkbox", name="Compare one of nine, 0").first.uncheck()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("8 runs side by side")


def test_the_cursor_shows_the_exact_numbers_of_each_run(page: Page, service: Service) -> None:
    ids = finished(page, service, SLOW, FAST, SHORT)
    compare(page, service, ids)
    for step in (0, 7, 60, 100):
        go_to(page, step)
        for column in (*COLUMNS, "theta.x"):
            page.get_by_label("Drawn", exact=True).select_option(column)
            for run_id in ids:
                field = column.partition(".")[0]
                known = stored(page, service, run_id, step, field)[field]
                if known:
                    expect_value(page, run_id, known[0][1] if field == "theta" else known[0])
                else:
                    expect(value(page, run_id)).to_have_text("ended at step 60")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile("^θ x. slow: 0 at step 0, .* fast: "))


def test_a_column_that_is_chosen_while_another_is_read_is_drawn(page: Page, service: Service) -> None:
    compare(page, service, finished(page, service, SLOW, FAST))
    delayed: list[Route] = []

    def delay(route: Route) -> None:
        delayed.append(route)

    page.route(re.compile(r"/trajectory\?.*fields=step%2Ctrain_mse"), delay)
    columns = page.get_by_label("Drawn", exact=True)
    with page.expect_request(re.compile(r"/trajectory\?.*fields=step%2Ctrain_mse")):
        columns.select_option("train_mse")
    columns.select_option("gradient_norm")
    for route in delayed:
        route.continue_()
    expect(page.locator(".standings thead")).to_contain_text("Gradient norm")
    expect(columns).to_have_value("gradient_norm")


def test_the_numbers_of_an_omitted_step_are_fetched(page: Page, service: Service) -> None:
    ids = finished(page, service, LONG, SLOW)
    compare(page, service, ids)
    page.get_by_text("The drawn steps as a table").click()
    drawn = {int(text.replace(",", "")) for text in page.locator(".as-table tbody th").all_inner_texts()}
    omitted = next(step for step in range(500, 3000) if step not in drawn)
    go_to(page, omitted)
    [known] = stored(page, service, ids[0], omitted, "test_mse")["test_mse"]
    expect_value(page, ids[0], known)
    expect(value(page, ids[1])).to_have_text("ended at step 100")


def test_the_table_has_the_differences_and_the_results(page: Page, service: Service) -> None:
    ids = finished(page, service, SLOW, FAST, SHORT)
    compare(page, service, ids)
    runs = [get(page, service, f"/runs/{run_id}") for run_id in ids]
    rows = page.locator(".compared tbody").first.locator("tr:not(.group)")
    expect(rows.get_by_role("rowheader")).to_have_text(
        ["Steps asked", "Learning rate", "Optimiser", "Start θ₀", "Momentum μ"]
    )
    assert cells_of(page, "/descent/learning_rate") == ["0.05", "0.4", "0.02"]
    assert cells_of(page, "/descent/optimizer/kind") == ["gd", "gd", "momentum"]
    assert cells_of(page, "/descent/optimizer/momentum") == ["–", "–", "0.9"]
    assert cells_of(page, "/descent/theta0") == ["zeros", "zeros", "(-300, 500)"]
    expect(page.locator(".same")).to_contain_text("Data norris, 36 rows")
    expect(page.locator(".same")).to_contain_text("Split 27 train, 9 test rows")
    expect(page.locator(".same")).not_to_contain_text("Optimiser")
    assert all(text.startswith("Finished") for text in cells_of(page, "status"))
    assert cells_of(page, "stop_reason")[2] == "Stopped after 60 steps, as asked."
    assert cells_of(page, "steps") == ["100 of 100", "100 of 100", "60 of 60"]
    assert cells_of(page, "best.step") == [str(run["best"]["step"]) for run in runs]
    gaps = [stored(page, service, run["id"], run["steps_done"], "optimality_gap")["optimality_gap"][0] for run in runs]
    for row, numbers in {
        "learning_rate": [run["learning_rate"] for run in runs],
        "final.train_mse": [run["final"]["train_mse"] for run in runs],
        "final.test_mse": [run["final"]["test_mse"] for run in runs],
        "best.test_mse": [run["best"]["test_mse"] for run in runs],
        "gap": gaps,
    }.items():
        texts = cells_of(page, row)
        assert [float(text.split()[0]) for text in texts] == pytest.approx(numbers, rel=1e-5), row
        marked = [number for text, number in zip(texts, numbers, strict=True) if "best" in text]
        assert marked == ([] if row == "learning_rate" else [min(numbers)]), row


def test_equal_requests_are_reported(page: Page, service: Service) -> None:
    compare(page, service, finished(page, service, SLOW, SLOW))
    expect(page.locator(".compared tbody").first).to_contain_text("Nothing: the requests are the same")
    expect(page.locator(".is-best")).to_have_count(0)


def test_different_losses_and_splits_give_a_warning(page: Page, service: Service) -> None:
    other = EXAMPLE | {"objective": {"loss": "mae"}, "split": {"seed": 1}, "name": "other"}
    compare(page, service, finished(page, service, SLOW, other))
    caution = page.locator(".caution")
    expect(caution).to_contain_text("These runs do not have the same data and split")
    expect(caution).not_to_contain_text("E is not the same function")
    expect(page.locator(".is-best")).to_have_count(0)
    page.get_by_label("Drawn", exact=True).select_option("train_loss")
    expect(caution).to_contain_text("E is not the same function in all of these runs")
    assert cells_of(page, "/split/seed") == ["0", "1"]
    assert cells_of(page, "/objective/loss") == ["mse", "mae"]


def test_models_with_other_parameters_and_without_test_data_are_compared(page: Page, service: Service) -> None:
    curved = EXAMPLE | {"model": {"kind": "polynomial", "degree": 2}, "split": {"test_fraction": 0}, "name": "curved"}
    ids = finished(page, service, SLOW, curved)
    compare(page, service, ids)
    expect(value(page, ids[1])).to_have_text("–")
    expect(page.get_by_label("Drawn", exact=True).locator("optgroup")).to_have_count(0)
    assert cells_of(page, "/model/kind") == ["linear", "polynomial"]
    assert cells_of(page, "/model/degree") == ["–", "2"]
    assert cells_of(page, "best.test_mse")[1] == "–"


def test_the_scale_ignores_diverged_runs(page: Page, service: Service) -> None:
    ids = finished(page, service, DIVERGING, FAST)
    compare(page, service, ids)
    expect(page.locator(".criteria")).to_contain_text("What diverged leaves the chart at the top.")
    last = get(page, service, f"/runs/{ids[0]}")["steps_done"]
    go_to(page, last)
    expect(page.locator(".criteria .dot:visible")).to_have_count(1)
    expect(value(page, ids[0])).to_have_text(re.compile(r"e\+2\d\d$"))
    assert "Diverged at step" in cells_of(page, "stop_reason")[0]


def test_a_run_is_forked_at_the_cursor_and_compared_with_its_origin(page: Page, service: Service) -> None:
    slow, fast = finished(page, service, SLOW, FAST)
    compare(page, service, [slow, fast])
    go_to(page, 3)
    page.get_by_role("button", name="Fork from here (slow)").click()
    dialog = page.get_by_role("dialog", name="A new run from step 3")
    dialog.get_by_label("Learning rate").fill("0.2")
    dialog.get_by_role("button", name="Start the fork").click()
    page.get_by_role("link", name="Compare with the original run").click()
    expect(page).to_have_url(re.compile(rf"#/compare\?runs={slow},[^,]+$"))
    fork = page.url.rpartition(",")[2]
    assert get(page, service, f"/runs/{fork}")["forked_from"] == {"run_id": slow, "step": 3}
    expect(page.locator('.compared tr[data-row="status"] td')).to_have_text([re.compile("^Finished")] * 2)
    assert cells_of(page, "/descent/learning_rate") == ["0.05", "0.2"]
    assert cells_of(page, "/descent/theta0") == ["zeros", f"run {slow[:12]}, step 3"]
    go_to(page, 0)
    [known] = stored(page, service, slow, 3, "test_mse")["test_mse"]
    expect_value(page, fork, known)


def test_live_runs_are_followed(page: Page, service: Service) -> None:
    [slow] = finished(page, service, SLOW)
    live = fit(page, service, EXAMPLE | {"descent": {"steps": 5_000_000, "learning_rate": 1e-6}, "name": "live"})
    compare(page, service, [slow, live])
    row = page.locator(f'.standings tr[data-run="{live}"]')
    expect(row.locator(".badge")).to_have_text("Running")
    slider = page.get_by_role("slider", name="Step")
    expect(slider).not_to_have_attribute("max", "100")
    early = slider.get_attribute("max") or ""
    expect(slider).not_to_have_attribute("max", early)
    page.request.post(f"{service.url}/runs/{live}/cancel")
    expect(row.locator(".badge")).to_have_text("Cancelled")
    run = get(page, service, f"/runs/{live}")
    expect(slider).to_have_attribute("max", str(run["steps_done"]))
    [known] = stored(page, service, live, run["steps_done"], "test_mse")["test_mse"]
    expect_value(page, live, known)


def test_a_missing_run_is_named(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = pages.open(service.url)
    slow, fast = finished(page, service, SLOW, FAST)
    page.goto(f"{service.url}/#/compare?runs={slow},nothing-here,{fast}")
    expect(page.get_by_role("alert")).to_contain_text("There is no run nothing-here.")
    page.get_by_role("link", name="Compare 2 of them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs side by side")
    page.goto(f"{service.url}/#/compare?runs={slow}")
    expect(page.get_by_role("alert")).to_contain_text("Two to eight runs can be compared; this address names 1.")
    page.get_by_role("link", name="Choose runs in the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")


def test_latest_is_replaced_by_the_id_of_the_newest_run(page: Page, service: Service) -> None:
    slow, fast = finished(page, service, SLOW, FAST)
    page.goto(f"{service.url}/#/compare?runs={slow},latest,{slow}")
    expect(page).to_have_url(f"{service.url}/#/compare?runs={slow},{fast}")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs side by side")


def test_a_change_of_language_keeps_the_step_and_the_column(pages: Pages, service: Service) -> None:
    page = pages.open(service.url, locale="fr-FR")
    ids = finished(page, service, SLOW, SHORT)
    compare(page, service, ids)
    expect(page.get_by_role("heading", level=1)).to_have_text("2 descentes côte à côte")
    expect(page.locator(".compared")).to_contain_text("Taux d’apprentissage utilisé")
    assert cells_of(page, "/descent/theta0") == ["zéros", "(-300\N{NO-BREAK SPACE}; 500)"]
    page.get_by_label("Tracé", exact=True).select_option("gradient_norm")
    page.get_by_role("spinbutton", name="Étape").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("#standings")).to_have_text("Étape 12")
    [known] = stored(page, service, ids[0], 12, "gradient_norm")["gradient_norm"]
    expect_value(page, ids[0], known)
    page.get_by_role("button", name="English").click()
    expect(page.locator("#standings")).to_have_text("Step 12")
    expect(page.get_by_label("Drawn", exact=True)).to_have_value("gradient_norm")
    expect_value(page, ids[0], known)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(pages: Pages, service: Service, width: int) -> None:
    page = pages.open(service.url, width=width)
    long_name = "a_long_name_without_any_space_" * 6
    compare(page, service, finished(page, service, SLOW, FAST, EXAMPLE | {"name": long_name}, SHORT))
    expect_no_sideways_scroll(page)


def test_one_landscape_has_the_paths_of_all_runs(page: Page, service: Service) -> None:
    ids = finished(page, service, SLOW, FAST, SHORT)
    compare(page, service, ids)
    figure = page.get_by_role("slider", name="The ball on the landscape")
    expect(figure).to_be_visible()
    balls = figure.locator(".ball")
    expect(balls).to_have_count(3)
    colours = [path.evaluate("path => path.style.color") for path in figure.locator(".walk").all()]
    assert colours == ["var(--curve-0)", "var(--curve-1)", "var(--curve-2)"]
    figure.press("Home")
    expect(page.locator("#standings")).to_have_text("Step 0")
    found = get(page, service, f"/runs/{ids[0]}/landscape?beside={ids[1]},{ids[2]}")
    size = figure.locator("svg svg").evaluate("sheet => [sheet.width.baseVal.value, sheet.height.baseVal.value]")
    for ball, run_id in zip(balls.all(), ids, strict=True):
        [theta] = stored(page, service, run_id, 0, "theta")["theta"]
        for name, at, pixels, turned in (("x", "cx", size[0], False), ("y", "cy", size[1], True)):
            low, high = found[name]["values"][0], found[name]["values"][-1]
            share = (theta["xy".index(name)] - low) / (high - low)
            shown = float(ball.get_attribute(at) or "nan")
            assert shown == pytest.approx(pixels * (1 - share if turned else share), abs=0.5)
    expect(page.locator("#ground-words")).not_to_contain_text("beyond the picture")


def test_runs_with_different_losses_have_no_common_landscape(page: Page, service: Service) -> None:
    other = EXAMPLE | {"objective": {"loss": "mae"}, "name": "other"}
    compare(page, service, finished(page, service, SLOW, other))
    expect(page.locator(".ground")).to_be_hidden()

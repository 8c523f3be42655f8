"""A function without data on the page: chosen, descended, its landscape with the minima, in both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_new_run import new_run, shown_request
from tests.browser.test_page import WIDTHS, expect_no_sideways_scroll, get, open_run
from tests.browser.test_sweep import start_sweep

pytestmark = pytest.mark.browser


def start(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page).to_have_url(re.compile(r"#/runs/\w+$"))


def test_a_sweep_of_functions_has_no_words_of_data(page: Page, service: Service) -> None:
    base = {"function": {"name": "bowl"}, "descent": {"steps": 5}}
    sweep_id = start_sweep(page, service, {"base": base, "grid": {"/descent/learning_rate": [0.01, 0.1]}})
    page.goto(f"{service.url}/#/sweeps/{sweep_id}")
    expect(page.get_by_role("heading", name="E(θ) of the best 2 runs, step by step")).to_be_visible()
    expect(page.get_by_role("img", name="E(θ) at the last step, over Learning rate η")).to_be_visible()
    heads = ["Rank", "Learning rate η", "E(θ)", "Status", "Steps"]
    expect(page.locator(".ranking th[scope=col]")).to_have_text(heads)
    expect(page.locator(".ranking tbody tr").first.locator("td")).to_have_count(len(heads) - 1)
    assert "test" not in page.locator(".sweep").inner_text()


def test_a_run_without_steps_has_a_sentence_and_no_controls_of_a_landscape(pages: Pages, service: Service) -> None:
    pages.expected = "409"
    page = pages.open(f"{service.url}/")
    body = {"function": {"formula": "-a**2"}, "descent": {"theta0": {"a": 1}}}
    run_id = open_run(page, service, body, "Failed")
    refused = page.request.get(f"{service.url}/runs/{run_id}/landscape")
    assert refused.status == 409
    page.get_by_text("The landscape: E around the path").click()
    expect(page.locator("#landscape-words")).to_contain_text(refused.json()["detail"])
    expect(
        page.locator(".landscape").locator("select, input, button, .landscape-host").filter(visible=True)
    ).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_function_that_ships(width: int, pages: Pages, service: Service) -> None:
    page = new_run(pages, service, width=width)
    page.get_by_label("A function without data").check()
    page.get_by_label("A function without data").last.select_option("himmelblau")
    expect(page.locator(".about-function")).to_contain_text("Four minima of equal depth")
    expect(page.locator(".verdict")).to_contain_text("100 steps of 2 parameters")
    for field in ("Model", "Loss", "Standardised", "Batch size"):
        expect(page.get_by_label(field, exact=True)).to_be_hidden()
    assert shown_request(page)["function"] == {"name": "himmelblau"}
    expect_no_sideways_scroll(page)
    start(page, "Start the descent")
    expect(page.get_by_role("heading", name="Why there is no test error")).to_be_visible(timeout=20_000)
    run = get(page, service, f"/runs/{page.url.rpartition('/')[2]}")
    assert run["function"]["name"] == "himmelblau"
    expect(page.get_by_role("heading", name="E(θ) over the steps")).to_be_visible()
    expect(page.locator(".criteria .legend .train_mse, .criteria .legend .test_mse").first).to_be_hidden()
    expect(page.locator(".fit-view")).to_be_hidden()
    expect(page.locator(".readout")).not_to_contain_text("MSE")
    expect(page.locator(".results")).not_to_contain_text("MSE")
    expect(page.locator(".request")).to_contain_text("Start θ₀")
    page.get_by_text("The drawn steps as a table").click()
    expect(page.locator(".as-table th[scope=col]")).to_have_text(["Step", "Loss E(θ)"])
    page.get_by_role("button", name="Show the arithmetic").click()
    expect(page.locator(".arithmetic .updates li").first).to_contain_text("a: ")
    expect(page.get_by_role("heading", name="What the gradient is made of")).to_be_hidden()
    page.get_by_text("The landscape: E around the path").click()
    expect(page.locator(".minima .minimum")).to_have_count(4)
    expect(page.locator("#landscape-words")).to_contain_text("All 4 minima")
    expect_no_sideways_scroll(page)


def test_a_formula_of_ones_own_in_french(pages: Pages, service: Service) -> None:
    pages.expected = "422"  # for a formula with a fault
    page = pages.open(f"{service.url}/#/new", locale="fr-FR")
    page.get_by_label("Une fonction, sans données").check()
    select = page.get_by_label("Une fonction, sans données").last
    expect(page.locator(".about-function")).to_contain_text("Une vallée étroite et courbe")
    select.select_option("")
    page.get_by_label("E(θ)", exact=True).fill("(u - 2)^2")
    expect(page.locator(".errors")).to_contain_text("**")
    page.get_by_label("E(θ)", exact=True).fill("(u - 2)**2 + 0.5")
    expect(page.locator(".verdict")).to_contain_text("100 étapes pour 1 paramètre,")
    start(page, "Lancer la descente")
    expect(page.get_by_role("heading", name="Pourquoi il n’y a pas d’erreur de test")).to_be_visible()
    run = get(page, service, f"/runs/{page.url.rpartition('/')[2]}")
    assert run["function"]["formula"] == "(u - 2)**2 + 0.5"
    expect(page.locator(".request")).to_contain_text("(u - 2)**2 + 0.5")
    expect(page.locator(".request")).to_contain_text("u = 1")
    page.goto(f"{service.url}/#/")
    expect(page.locator("tbody tr").first.locator(".cell-model")).to_have_text("Fonction")
    expect(page.locator("tbody tr").first.locator(".cell-train_mse")).to_have_text("E = 0,5")

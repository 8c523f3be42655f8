"""The arithmetic of the chosen step equals the service's answer, number by number."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import EXAMPLE, cell, choose_step, get, open_run

pytestmark = pytest.mark.browser
LESS_THAN_A_DIGIT = 1e-6  # one of the eight shown rows


def open_arithmetic(page: Page, step: int) -> Locator:
    choose_step(page, step)
    page.get_by_role("button", name="Show the arithmetic").click()
    return panel_of(page, step)


def panel_of(page: Page, step: int) -> Locator:
    """Waits until the panel shows this step."""
    panel = page.get_by_role("region", name=f"The arithmetic of step {step}", exact=True)
    expect(panel.locator(f'.sums[data-step="{step}"]')).to_have_attribute("aria-busy", "false")
    return panel


def rows_of(panel: Locator, caption: str, part: str = "tbody") -> list[list[str]]:
    table = panel.get_by_role("table", name=caption)
    return [row.locator("th, td").all_inner_texts() for row in table.locator(f"{part} tr").all()]


def numbers(cells: list[str]) -> list[float]:
    return [float(each) for each in cells]


def close_to(values: list[Any]) -> Any:
    return pytest.approx(values, rel=LESS_THAN_A_DIGIT, abs=1e-12)


def test_every_number_is_that_of_the_service(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    panel = open_arithmetic(page, 3)
    answered = get(page, service, f"/runs/{run_id}/steps/3")
    expect(panel.locator(".energy")).to_contain_text("η = 0.05")
    slopes = rows_of(panel, "The gradient at θ")
    for index, (name, theta, gradient, difference, apart) in enumerate(slopes):
        assert name == answered["parameters"][index]
        expected = [answered[column][index] for column in ("theta", "gradient", "central_differences")]
        assert numbers([theta, gradient, difference]) == close_to(expected)
        assert apart.endswith("agrees")
    parts = answered["contributions"]
    for index, (row, y, prediction, *shares) in enumerate(rows_of(panel, "What the gradient is made of")):
        assert row == f"row {parts['rows'][index]}"
        assert numbers([y, prediction]) == close_to([parts["y"][index], parts["predictions"][index]])
        assert numbers(shares) == close_to(parts["gradients"][index])
    others, total = rows_of(panel, "What the gradient is made of", "tfoot")
    assert others[0] == f"{answered['rest']['rows']} other rows"
    assert numbers(others[3:]) == close_to(answered["rest"]["gradient"])
    assert numbers(total[3:]) == close_to(answered["gradient"])
    assert panel.locator(".updates li").all_inner_texts() == answered["update"]
    expect(panel.locator(".rule")).to_have_text("θ ← θ − η ∇E(θ)")


def test_the_rows_and_the_penalty_sum_up_to_the_gradient(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE | {"objective": {"l2": 0.1}})
    panel = open_arithmetic(page, 5)
    shown = [numbers(row[3:]) for row in rows_of(panel, "What the gradient is made of")]
    others, penalty, total = rows_of(panel, "What the gradient is made of", "tfoot")
    assert penalty[0] == "Penalty"
    parts = [*shown, numbers(others[3:]), numbers(penalty[3:])]
    assert [sum(column) for column in zip(*parts, strict=True)] == pytest.approx(numbers(total[3:]), rel=1e-6)


def test_it_follows_the_chosen_step_and_changes_it(page: Page, service: Service) -> None:
    open_run(page, service, EXAMPLE)
    panel = open_arithmetic(page, 1)
    panel.get_by_role("button", name="One step back").click()
    panel = panel_of(page, 0)
    expect(panel.get_by_role("button", name="One step back")).to_be_disabled()
    expect(cell(page, "step")).to_have_text("0")
    panel.get_by_role("button", name="One step forward").click()
    panel_of(page, 1)
    page.get_by_role("slider", name="Step").press("End")
    panel = panel_of(page, 100)
    expect(panel).to_contain_text("The descent ended at step 100: this update was not made any more.")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Show the arithmetic")).to_be_focused()


def test_a_batch_and_a_momentum_are_shown(page: Page, service: Service) -> None:
    descent = {"steps": 10, "learning_rate": 0.01, "batch_size": 5, "optimizer": {"kind": "momentum"}}
    run_id = open_run(page, service, EXAMPLE | {"descent": descent})
    panel = open_arithmetic(page, 4)
    answered = get(page, service, f"/runs/{run_id}/steps/4")
    assert numbers([row[5] for row in rows_of(panel, "The gradient at θ")]) == close_to(answered["used"])
    expect(panel).to_contain_text("g is the gradient of a batch of 5 rows alone.")
    expect(panel.locator(".rule span")).to_have_text(["v ← 0.9 v + g", "θ ← θ − η v"])
    assert panel.locator(".updates li").all_inner_texts() == answered["update"]


def test_in_french(pages: Pages, service: Service) -> None:
    page = pages.open(service.url, locale="fr-FR")
    open_run(page, service, EXAMPLE, status="100")
    page.get_by_role("button", name="Montrer le calcul").click()
    panel = page.get_by_role("region", name="Le calcul de l’étape 100", exact=True)
    expect(panel.get_by_role("table", name="De quoi le gradient est fait")).to_contain_text("Somme : ∇E(θ)")
    page.get_by_role("button", name="English").click()  # open panels stay open
    expect(panel_of(page, 100).get_by_role("table")).to_have_count(2)


def test_many_parameters_scroll_inside_their_tables(pages: Pages, service: Service) -> None:
    page = pages.open(service.url, width=390)
    model = {"kind": "mlp", "hidden": [12]}
    run_id = open_run(page, service, EXAMPLE | {"model": model, "descent": {"steps": 5, "learning_rate": 0.001}})
    panel = open_arithmetic(page, 2)
    assert len(get(page, service, f"/runs/{run_id}/steps/2")["parameters"]) == 37
    expect(panel).to_contain_text("and 7 more parameters")
    assert len(rows_of(panel, "The gradient at θ")) == 30
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert re.fullmatch(r"row \d+", rows_of(panel, "What the gradient is made of")[0][0])


def test_status_503_is_retried_and_status_413_is_not(pages: Pages, service: Service) -> None:
    pages.expected = "413|503"
    page = pages.open(f"{service.url}/")
    page.clock.install()
    open_run(page, service, EXAMPLE)
    requested: list[str] = []

    def answer_with(status: int) -> None:
        body = json.dumps({"title": f"Told {status}", "status": status, "detail": "So it is."})

        def answer(route: Route) -> None:
            requested.append(route.request.url)
            route.fulfill(status=status, content_type="application/problem+json", body=body)

        page.unroute("**/steps/*")
        page.route("**/steps/*", answer)

    answer_with(413)
    choose_step(page, 7)
    page.get_by_role("button", name="Show the arithmetic").click()
    panel = page.get_by_role("region", name="The arithmetic of step 7", exact=True)
    expect(panel).to_contain_text("Told 413 So it is.")
    page.clock.fast_forward("01:00")
    assert len(requested) == 1
    answer_with(503)
    panel.get_by_role("button", name="One step forward").click()
    expect(page.get_by_role("alert")).to_have_text("Told 503 So it is. Trying again by itself.")
    page.unroute("**/steps/*")
    panel_of(page, 8)
    expect(page.get_by_role("alert")).to_have_count(0)

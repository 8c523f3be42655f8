"""A sweep from a run's page, and its ranking."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_accessibility import violations
from tests.browser.test_page import EXAMPLE, WIDTHS, expect_no_sideways_scroll, fit, get, open_run

pytestmark = pytest.mark.browser
RATE = "/descent/learning_rate"


def start_sweep(page: Page, service: Service, body: dict[str, object]) -> str:
    answer = page.request.post(f"{service.url}/sweeps", data=body)
    assert answer.status == 202, answer.text()
    return str(answer.json()["id"])


def open_finished(page: Page, service: Service, sweep_id: str) -> None:
    page.goto(f"{service.url}/#/sweeps/{sweep_id}")
    expect(page.get_by_role("heading", name=re.compile("step by step|étape par étape"))).to_be_visible()


def test_several_learning_rates_are_tried_and_ranked(page: Page, service: Service) -> None:
    run_id = open_run(page, service, EXAMPLE)
    page.get_by_role("link", name="Try several values").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Several values")
    expect(page.get_by_role("status")).to_contain_text("12 runs, 1,200 steps in all")
    page.get_by_label("How many").fill("5")
    page.get_by_label("To", exact=True).fill("0.4")
    expect(page.get_by_role("status")).to_contain_text("5 runs")
    page.get_by_role("button", name="Start the runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Several values: Learning rate η")
    expect(page.get_by_role("status")).to_contain_text("5 finished")
    sweep = get(page, service, f"/sweeps/{page.url.rpartition('/')[2]}")
    assert sweep["varied"] == [RATE]
    assert max(member["values"][RATE] for member in sweep["ranking"]) == 0.4
    rows = page.locator(".ranking tbody tr")
    expect(rows).to_have_count(5)
    for row, member in zip(rows.all(), sweep["ranking"], strict=True):
        expect(row.locator("td").first).to_have_text(str(member["rank"]))
        expect(row.get_by_role("link")).to_have_attribute("href", f"#/runs/{member['run_id']}")
        assert float(row.locator("td").nth(1).inner_text()) == pytest.approx(member["value"], rel=1e-7)
    best = [member["run_id"] for member in sweep["ranking"]]
    link = page.get_by_role("link", name="Compare the best five")
    expect(link).to_have_attribute("href", f"#/compare?runs={','.join(best)}")
    chart = page.get_by_role("img", name="Test MSE at the last step, over Learning rate η")
    chart.locator(".u-over").hover(position={"x": 3, "y": 50})
    lowest = min(sweep["ranking"], key=lambda member: member["values"][RATE])
    expect(page.locator(".ranking tr.pointed a")).to_have_attribute("href", f"#/runs/{lowest['run_id']}")
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("learning_rate")
    page.get_by_role("link", name="The sweep that it belongs to").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Several values: Learning rate η")
    assert run_id not in best


def test_an_invalid_value_is_reported_and_a_second_parameter_varies(pages: Pages, service: Service) -> None:
    pages.expected = "422"
    page = pages.open(f"{service.url}/")
    run_id = fit(page, service, EXAMPLE)
    page.goto(f"{service.url}/#/sweeps/new?run={run_id}")
    page.locator(".value-row select").nth(1).select_option("list")
    listed = page.get_by_label("The values, with spaces or semicolons between")
    listed.fill("0.1 -1")
    expect(page.locator(".errors")).to_contain_text("greater than 0")
    listed.fill("0.1 0.2")
    expect(page.get_by_role("status")).to_contain_text("2 runs")
    page.get_by_role("button", name="Vary another one too").click()
    page.locator(".value-row").nth(1).locator("select").first.select_option("/split/seed")
    expect(page.get_by_role("status")).to_contain_text("10 runs")
    page.get_by_role("button", name="Leave this one as it was").click()
    expect(page.get_by_role("status")).to_contain_text("2 runs")
    expect(page.get_by_role("button", name="Vary another one too")).to_be_focused()


def test_a_sweep_is_cancelled_and_deleted(page: Page, service: Service) -> None:
    slow = {"objective": {"loss": "huber"}, "descent": {"steps": 1_000_000, "learning_rate": 1e-9}}
    body = {"base": EXAMPLE | slow, "grid": {"/split/seed": [1, 2, 3]}}
    sweep_id = start_sweep(page, service, body)
    page.goto(f"{service.url}/#/sweeps/{sweep_id}")
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.get_by_role("status")).to_contain_text("3 were cancelled")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    assert page.request.get(f"{service.url}/sweeps/{sweep_id}").status == 404


@pytest.mark.parametrize("width", WIDTHS)
def test_the_views_of_a_sweep_fit_all_widths_and_are_accessible(pages: Pages, service: Service, width: int) -> None:
    is_dark = width == 1280
    page = pages.open(f"{service.url}/", width=width, locale="fr-FR" if is_dark else "en-GB", dark=is_dark)
    changes = [
        {"descent": {"learning_rate": rate, "optimizer": {"kind": kind}}}
        for rate in (0.1, 1)
        for kind in ("gd", "adam")
    ]
    sweep_id = start_sweep(page, service, {"base": EXAMPLE, "list": changes})
    open_finished(page, service, sweep_id)
    expect_no_sideways_scroll(page)
    assert violations(page) == []
    run_id = get(page, service, f"/sweeps/{sweep_id}")["ranking"][0]["run_id"]
    page.goto(f"{service.url}/#/sweeps/new?run={run_id}")
    expect(page.get_by_role("status")).to_contain_text("12")
    expect_no_sideways_scroll(page)
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 400])
def test_the_french_page_fits_a_small_phone(pages: Pages, service: Service, width: int) -> None:
    page = pages.open(f"{service.url}/", width=width, locale="fr-FR")
    many = EXAMPLE | {"model": {"kind": "polynomial", "degree": 3}, "split": {"validation_fraction": 0.2}}
    run_id = open_run(page, service, many, "étapes")
    expect(page.locator(".results")).to_be_visible()
    page.locator(".landscape summary").click()
    expect(page.locator(".landscape-figure > svg")).to_be_visible()
    expect_no_sideways_scroll(page)
    page.goto(f"{service.url}/#/sweeps/new?run={run_id}")
    expect(page.get_by_role("status")).to_contain_text("12")
    expect_no_sideways_scroll(page)
    page.locator(".value-row select").nth(1).select_option("list")
    expect_no_sideways_scroll(page)

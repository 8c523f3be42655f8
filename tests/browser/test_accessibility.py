"""axe-core finds no serious accessibility violation in any view, theme and language."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import DIVERGING, EXAMPLE, WIDTHS, fit

pytestmark = pytest.mark.browser
# Each pair of values of width, language and theme occurs once.
PAIRS = [
    *((width, "en-GB", width == WIDTHS[1]) for width in WIDTHS),
    *((width, "fr-FR", width != WIDTHS[1]) for width in WIDTHS),
]
SERIOUS = {"serious", "critical"}
# axe looks at each cell of the table of the steps, and a run of 10 has the same cells as one of 100.
SHORT = EXAMPLE | {"descent": {"steps": 10, "learning_rate": 0.4}}

SETTLED = """() => document.getAnimations().length === 0
  && [...document.querySelectorAll('[aria-busy="true"]')].every((each) => !each.checkVisibility())"""


def violations(page: Page, part: str = "html") -> list[str]:
    """The serious violations within a part and their elements, after transitions and requests have ended."""
    page.wait_for_function(SETTLED)
    found = Axe().run(page, part).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(("width", "locale", "dark"), PAIRS)
def test_no_view_has_a_serious_violation(
    pages: Pages, service: Service, width: int, locale: str, *, dark: bool
) -> None:
    page = pages.open(f"{service.url}/#/new", width=width, locale=locale, dark=dark)
    expect(page.locator(".verdict")).to_contain_text("100")
    assert violations(page) == [], "new run, sample"
    for source in ("file", "drawn"):
        page.locator(f'input[value="{source}"]').check()
        assert violations(page) == [], f"new run, {source}"
    ids = [fit(page, service, request) for request in (SHORT, DIVERGING)]
    for run_id in ids:
        page.goto(f"{service.url}/#/runs/{run_id}")
        expect(page.locator('.badge:is([data-status="succeeded"], [data-status="diverged"])')).to_be_visible()
        expect(page.locator(".readout")).to_be_visible()
        page.locator(".as-table summary").click()
        page.locator(".landscape summary").click()
        expect(page.locator(".landscape-figure > svg")).to_be_visible()
        page.locator(".beside > button").click()
        expect(page.locator(".arithmetic .part")).to_have_count(3)
        expect(page.locator(".fit-plot svg")).to_be_visible()
        assert violations(page) == [], "run"
    page.locator(".landscape .scale button").last.click()
    expect(page.locator(".hill canvas")).to_be_visible()
    assert violations(page, ".landscape") == [], "hill"
    page.locator(".actions button:visible").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == [], "fork"
    page.keyboard.press("Escape")
    page.goto(f"{service.url}/#/compare?runs={','.join(ids)}")
    expect(page.locator(".compared")).to_be_visible()
    page.locator(".as-table summary").click()
    assert violations(page) == [], "comparison"
    page.goto(f"{service.url}/#/compare?runs={ids[0]}")
    expect(page.get_by_role("alert").filter(has_text=re.compile(r"\S"))).to_be_visible()
    assert violations(page) == [], "no comparison"
    page.goto(f"{service.url}/#/check")
    page.locator(".top button").click()
    expect(page.locator(".outcome")).to_be_visible()
    assert violations(page) == [], "check"
    page.goto(f"{service.url}/#/")
    expect(page.locator("table.runs tbody tr").first).to_be_visible()
    assert violations(page) == [], "runs"


def test_the_check_sees_a_violation(page: Page) -> None:
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    for part in ("html", "main"):
        assert [each for each in violations(page, part) if each.startswith("button-name")]

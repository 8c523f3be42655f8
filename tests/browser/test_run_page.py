"""The page of a run for others: a browser shows its pictures under the policy that it is sent with."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import EXAMPLE
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
WIDTHS = "() => [...document.images].map(image => image.naturalWidth)"


@pytest.mark.parametrize(("locale", "heading"), [("en-GB", "Both criteria"), ("fr-FR", "Les deux critères")])
def test_the_pictures_are_shown_under_the_policy_of_the_page(
    pages: Pages, service: Service, locale: str, heading: str
) -> None:
    run = httpx2.post(f"{service.url}/fit", json=EXAMPLE, headers={"Prefer": "wait=60"}, timeout=LONGEST).json()
    page = pages.open(f"{service.url}/runs/{run['id']}/page.html", locale=locale)
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    assert page.evaluate(WIDTHS) == [900, 900]

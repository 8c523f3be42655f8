"""Addresses of the page with unknown ids or invalid encodings."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages, Service

pytestmark = pytest.mark.browser
BROKEN = ("%", "100%25%", "%E0%A4%A", "%ED%A0%80")
VIEWS = {"#/runs/{}": "run", "#/sweeps/{}": "sweep", "#/sweeps/new?run={}": "run"}


@pytest.mark.parametrize("address", VIEWS)
@pytest.mark.parametrize("name", BROKEN)
def test_an_object_with_an_invalid_encoding_is_reported_as_unknown(
    address: str, name: str, pages: Pages, service: Service
) -> None:
    pages.expected = "404"
    page = pages.open(f"{service.url}/{address.format(name)}")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(rf"[Nn]o {VIEWS[address]}\b"))
    expect(page.get_by_role("alert")).to_contain_text(name)


def test_a_comparison_with_an_invalid_encoding_offers_the_list(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = pages.open(f"{service.url}/#/compare?runs=%,%E0%A4%A")
    expect(page.get_by_role("alert")).to_contain_text("%")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")


def test_names_are_decoded_once(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = pages.open(f"{service.url}/#/compare?runs=a%2525,b")
    expect(page.get_by_role("alert")).to_contain_text("a%25, b")

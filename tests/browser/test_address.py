"""Addresses of the page with unknown ids or invalid encodings."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_accessibility import violations

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


@pytest.mark.parametrize(
    ("locale", "title"), [("en-GB", "There is no such page"), ("fr-FR", "Cette page n’existe pas")]
)
def test_an_address_without_a_view_says_so(locale: str, title: str, pages: Pages, service: Service) -> None:
    for address in ("#/nowhere", "#/new/run", "#runs"):
        page = pages.open(f"{service.url}/{address}", locale=locale)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator("#view code")).to_have_text(address)
        assert violations(page) == [], address


@pytest.mark.parametrize(
    ("locale", "words"), [("en-GB", "The address asks for what this list does not know"), ("fr-FR", "ne connaît pas")]
)
def test_a_filter_that_the_list_does_not_know_is_said(
    locale: str, words: str, pages: Pages, service: Service, new_service: Service
) -> None:
    page = pages.open(f"{service.url}/#/?status=finished&order=name&name=x", locale=locale)
    alert = page.get_by_role("search").get_by_role("alert")
    expect(alert).to_contain_text(words)
    expect(alert).to_contain_text("status=finished, order=name")
    page.get_by_role("combobox").first.select_option("failed")
    expect(alert).to_be_hidden()
    assert page.url.endswith("#/?name=x&status=failed")
    page = pages.open(f"{new_service.url}/#/?statut=failed", locale=locale)
    expect(page.get_by_role("alert").filter(has_text="statut=failed")).to_be_visible()

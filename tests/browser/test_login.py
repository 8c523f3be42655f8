"""The page of a service that requires API keys."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from service.server.live_server import Service
from service.storage.api_keys import revoke_key
from service.storage.database import Database
from tests.api_keys import make_key, service_with_keys
from tests.browser.conftest import Pages
from tests.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service_with_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Database]]:
    """A service that requires keys, and its database."""
    with service_with_keys(tmp_path_factory.mktemp("keys")) as (running, database, _):
        yield running, database


def enter(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")


def run_the_example(page: Page) -> None:
    expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
    page.get_by_role("button", name="Run an example").click()
    expect(page.get_by_role("status")).to_contain_text("Stopped after 100 steps")


def test_a_visitor_enters_a_key_uses_the_page_and_forgets_it(
    pages: Pages, service_with_database: tuple[Service, Database]
) -> None:
    service, database = service_with_database
    key = make_key(database)
    pages.expected = "401"
    page = pages.open(f"{service.url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("An API key is needed")
    expect(page.get_by_label("API key")).to_be_focused()
    enter(page, f"{key.text}-wrong")
    expect(page.get_by_role("alert")).to_contain_text("This key is not known here")
    pages.expected = ""
    enter(page, f" {key.text} ")  # a pasted key with surrounding blanks
    run_the_example(page)
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Stopped after 100 steps")
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    pages.expected = "401"
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_label("API key")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Forget the key")).to_be_hidden()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_download_carries_the_key(
    pages: Pages, service_with_database: tuple[Service, Database], tmp_path: Path
) -> None:
    service, database = service_with_database
    key = make_key(database)
    pages.expected = "401"
    page = pages.open(f"{service.url}/")
    enter(page, key.text)
    run_the_example(page)
    with page.expect_download() as caught:
        page.get_by_role("link", name="CSV", exact=True).click()
    caught.value.save_as(tmp_path / "steps.csv")
    assert re.fullmatch(r"\w+\.csv", caught.value.suggested_filename)
    lines = (tmp_path / "steps.csv").read_text().splitlines()
    assert len(lines) == 102
    assert lines[0].startswith("step,theta.intercept")


def test_a_double_click_downloads_once(
    pages: Pages, service_with_database: tuple[Service, Database], tmp_path: Path
) -> None:
    service, database = service_with_database
    key = make_key(database)
    pages.expected = "401"
    page = pages.open(f"{service.url}/")
    enter(page, key.text)
    run_the_example(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/trajectory?format=csv", hold)
    link = page.get_by_role("link", name="CSV", exact=True, include_hidden=True)
    with page.expect_download() as caught:
        link.dblclick()
        expect(link).to_have_attribute("inert", "")
        until(lambda: page.evaluate("true") and held)  # routes arrive while Playwright waits for the page
        for route in held:
            route.continue_()
    caught.value.save_as(tmp_path / "steps.csv")
    assert len(held) == 1
    expect(link).not_to_have_attribute("inert", "")


def test_a_revoked_key_is_requested_again_in_french(
    pages: Pages, service_with_database: tuple[Service, Database]
) -> None:
    service, database = service_with_database
    key = make_key(database)
    pages.expected = "401"
    page = pages.open(f"{service.url}/", locale="fr-FR")
    page.get_by_label("Clé d’API").fill(key.text)
    page.get_by_role("button", name="Utiliser cette clé").click()
    expect(page.get_by_role("button", name="Supprimer la clé")).to_be_visible()
    with database.writing() as connection:
        revoke_key(connection, key.id)
    expect(page.get_by_role("alert")).to_contain_text("Cette clé n’est pas connue ici")
    expect(page.get_by_role("heading", level=1)).to_have_text("Une clé d’API est nécessaire")


def test_swagger_ui_sends_the_given_key(pages: Pages, service_with_database: tuple[Service, Database]) -> None:
    service, database = service_with_database
    key = make_key(database)
    page = pages.open(f"{service.url}/docs")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(key.text)
    page.locator(".auth-container").get_by_role("button", name="Apply credentials").click()
    page.locator(".auth-container").get_by_role("button", name="Close").click()
    block = page.locator(".opblock-post", has=page.locator("[data-path='/fit']"))
    block.locator(".opblock-summary").click()
    expect(block.locator("textarea.body-param__text")).to_have_value(re.compile('"dataset"'))
    with page.expect_response(re.compile("/fit")) as caught:
        block.get_by_role("button", name="Execute").click()
    assert caught.value.status == 202

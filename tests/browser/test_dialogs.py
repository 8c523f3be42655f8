"""The dialogs of the page by keyboard, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import EXAMPLE, fit

pytestmark = pytest.mark.browser
WORDS = {
    "en-GB": (("Fork from here", "Close"), ("Rename", "Cancel"), ("Delete", "Keep it")),
    "fr-FR": (("Repartir d’ici", "Fermer"), ("Renommer", "Annuler"), ("Supprimer", "La garder")),
}


def has_focus_again(page: Page, button: str) -> None:
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name=button)).to_be_focused()


@pytest.mark.parametrize("locale", WORDS)
def test_a_dialog_gives_the_focus_back(locale: str, pages: Pages, service: Service) -> None:
    page = pages.open(service.url, locale=locale)
    page.goto(f"{service.url}/#/runs/{fit(page, service, EXAMPLE)}")
    expect(page.locator(".results")).to_be_visible()
    for button, leave in WORDS[locale]:
        opener = page.get_by_role("button", name=button)
        for by_escape in (True, False):
            opener.focus()
            page.keyboard.press("Enter")
            dialog = page.get_by_role("dialog")
            expect(dialog.get_by_role("heading")).not_to_be_empty()
            if by_escape:
                page.keyboard.press("Escape")
            else:
                dialog.get_by_role("button", name=leave, exact=True).press("Enter")
            has_focus_again(page, button)

"""The form of a run: all choices of a request, its address, and a run that is edited and run again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_accessibility import violations
from tests.browser.test_new_run import shown_request, start_and_finish
from tests.browser.test_page import DIVERGING, fit, get

pytestmark = pytest.mark.browser
RICH = {
    "dataset": {"sample": "penguins"},
    "standardize": True,
    "model": {"kind": "softmax"},
    "split": {"test_fraction": 0.3, "validation_fraction": 0.2},
    "descent": {
        "steps": 40,
        "learning_rate": 0.5,
        "optimizer": {"kind": "momentum", "momentum": 0.8},
        "schedule": {"kind": "step", "every": 10, "factor": 0.5},
        "clip_norm": 5.0,
        "stop": {"patience": 30},
    },
}


def more(page: Page, words: str) -> None:
    """Opens the advanced choices by keyboard."""
    page.get_by_text(words).focus()
    page.keyboard.press("Enter")


def test_every_choice_reaches_the_request(pages: Pages, service: Service) -> None:
    pages.expected = "422"  # patience before the validation rows
    page = pages.open(f"{service.url}/#/new")
    page.get_by_label("Optimiser").select_option("momentum")
    page.get_by_label("Momentum β").fill("0.8")
    page.get_by_label("Schedule").select_option("in steps")
    page.get_by_label("Steps between two changes").fill("20")
    page.get_by_label("Loss").select_option("Huber: squares, then absolute values")
    page.get_by_label("Huber’s δ").fill("2")
    more(page, "More choices")
    page.get_by_label("Patience").fill("200")
    expect(page.locator('[data-field="patience"] .field-errors')).to_contain_text("valid")
    page.get_by_label("Share of validation rows").fill("0.2")
    page.get_by_label("Longest gradient").fill("3")
    page.get_by_label("Lasso penalty").fill("0.01")
    expect(page.locator(".verdict")).to_contain_text("100 steps")
    run = start_and_finish(page, service)["request"]
    assert run["descent"]["optimizer"] == {"kind": "momentum", "momentum": 0.8}
    assert run["descent"]["schedule"] == {"kind": "step", "every": 20, "factor": 0.1}
    assert (run["descent"]["clip_norm"], run["descent"]["stop"]["patience"]) == (3, 200)
    assert (run["objective"]["delta"], run["objective"]["l1"], run["split"]["validation_fraction"]) == (2, 0.01, 0.2)


def test_the_preset_of_the_course_fills_the_form_in_french(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/#/new", locale="fr-FR")
    page.get_by_label("Préréglage").select_option("l’algorithme du cours")
    expect(page.get_by_label("Taux d’apprentissage")).to_have_value("1")
    expect(page.locator('[data-field="loss"] select')).to_have_value("sse")
    request = shown_request(page)
    assert (request["preset"], request["objective"]) == ("course", {"loss": "sse"})
    assert request["descent"] == {"optimizer": {"kind": "gd"}, "learning_rate": 1, "steps": 100}
    more(page, "Autres réglages")
    page.get_by_label("Part des lignes de validation").fill("0,2")
    assert shown_request(page)["split"] == {"validation_fraction": 0.2}
    assert violations(page) == []


def test_the_model_follows_the_type_of_the_target(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/#/new")
    model = page.get_by_label("Model", exact=True)
    page.get_by_role("combobox", name="A sample").select_option("penguins")
    expect(model).to_have_value("logistic")
    expect(page.locator(".verdict")).to_contain_text("100 steps")
    page.get_by_label("Target").select_option("bill_length_mm")
    expect(model).to_have_value("linear")
    expect(page.locator(".verdict")).to_contain_text("100 steps")


def test_the_address_has_the_form(pages: Pages, service: Service) -> None:
    page = pages.open(f"{service.url}/#/new")
    expect(page.locator(".verdict")).to_contain_text("100 steps")
    assert page.url.endswith("#/new")
    page.get_by_label("Learning rate").fill("0.125")
    page.get_by_label("Standardised").check()
    expect(page).to_have_url(re.compile("request="))
    request = shown_request(page)
    page.reload()
    expect(page.get_by_label("Learning rate")).to_have_value("0.125")
    expect(page.locator(".request-text code")).to_contain_text("norris")
    assert shown_request(page) == request
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_label("Taux d’apprentissage")).to_have_value("0,125")
    other = pages.open(f"{service.url}/#/new?request=%7Bno", locale="fr-FR")
    expect(other.get_by_role("alert").filter(has_text="illisible")).to_be_visible()
    expect(other.locator(".verdict")).to_contain_text("100")


@pytest.mark.parametrize(
    ("locale", "again", "start"),
    [
        ("en-GB", "Edit and run again", "Start the descent"),
        ("fr-FR", "Modifier et relancer", "Lancer la descente"),
    ],
)
def test_a_run_is_edited_and_run_again(locale: str, again: str, start: str, pages: Pages, service: Service) -> None:
    page = pages.open(service.url, locale=locale)
    first = fit(page, service, RICH)
    page.goto(f"{service.url}/#/runs/{first}")
    page.get_by_role("link", name=again).press("Enter")
    expect(page.locator(".request-text code")).to_contain_text("penguins")
    page.locator('[data-field="rate"] input').fill("0.25")
    expect(page.locator(".verdict")).not_to_be_empty()
    page.get_by_role("button", name=start).click()
    expect(page).to_have_url(re.compile(r"#/runs/\w+$"))
    expect(page.locator(".results")).to_be_visible()
    requests = [get(page, service, f"/runs/{run}")["request"] for run in (first, page.url.rpartition("/")[2])]
    requests[0]["descent"]["learning_rate"] = 0.25
    assert requests[1] == requests[0]


@pytest.mark.parametrize(("locale", "words"), [("en-GB", "Mends run"), ("fr-FR", "Corrige la descente")])
def test_a_mended_run_links_to_the_one_that_it_mends(locale: str, words: str, pages: Pages, service: Service) -> None:
    page = pages.open(service.url, locale=locale)
    broken = fit(page, service, DIVERGING)
    page.goto(f"{service.url}/#/runs/{broken}")
    page.locator(".mend button").click()
    origin = page.locator(".origin")
    expect(origin).to_contain_text(f"{words} {broken[:12]}")
    expect(origin.get_by_role("link").first).to_have_attribute("href", re.compile(rf"compare\?runs={broken}"))
    origin.get_by_role("link").last.click()
    expect(page).to_have_url(re.compile(rf"{broken}$"))

"""The view "Check my descent" compares a student's trajectory with the update rule."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import WIDTHS, expect_no_sideways_scroll, get

pytestmark = pytest.mark.browser
# A line through Norris's data, standardised: the input of a student's program.
RIGHT: dict[str, Any] = {
    "dataset": {"sample": "norris"},
    "split": {"test_fraction": 0},
    "standardize": True,
    "descent": {"steps": 12, "learning_rate": 0.05},
}


def check_page(pages: Pages, service: Service, **options: Any) -> Page:
    page = pages.open(f"{service.url}/", **options)
    page.locator('.masthead a[href="#/check"]').click()
    expect(page.locator('select[aria-label] option[value="norris"]')).to_have_count(1)
    return page


def outcome(page: Page) -> Locator:
    return page.locator(".outcome")


def paste(page: Page, text: str) -> None:
    page.get_by_label("Your trajectory", exact=True).first.fill(text)


def choose_as_in_right(page: Page) -> None:
    page.get_by_label("Standardised").check()
    page.get_by_label("Learning rate").fill("0.05")


def right_theta(page: Page, service: Service) -> list[list[float]]:
    run = page.request.post(f"{service.url}/fit", data=RIGHT, headers={"Prefer": "wait=60"}).json()
    theta: list[list[float]] = get(page, service, f"/runs/{run['id']}/trajectory")["theta"]
    return theta


@pytest.mark.parametrize(
    ("locale", "button", "differs", "mistake", "run"),
    [
        ("en-GB", "Try an example", "Step 1 is the first that differs", "factor 2", "Run it right"),
        ("fr-FR", "Essayer un exemple", "L’étape 1 est la première", "un facteur 2", "Lancer la bonne descente"),
    ],
)
def test_the_example_has_a_named_mistake_and_a_correct_run(
    pages: Pages, service: Service, locale: str, button: str, differs: str, mistake: str, run: str
) -> None:
    page = check_page(pages, service, locale=locale)
    page.get_by_role("button", name=button).click()
    expect(outcome(page).get_by_role("heading", level=2)).to_contain_text(differs)
    expect(outcome(page).locator('[data-code="missing_factor_2"]')).to_contain_text(mistake)
    cells = outcome(page).locator("tbody tr").first.locator("td")
    given, expected = (float(cells.nth(i).inner_text().replace(",", ".")) for i in (0, 1))
    outcome(page).get_by_role("button", name=run).click()
    expect(page).to_have_url(re.compile(r"#/runs/\w+$"))
    expect(page.locator(".run .state")).to_contain_text("20")
    trajectory = get(page, service, f"/runs/{page.url.rpartition('/')[2]}/trajectory")
    assert f"{trajectory['theta'][1][0]:.9g}" == f"{expected:.9g}"  # the number of shown digits
    assert given == pytest.approx(expected / 2, rel=1e-8)


def test_a_correct_trajectory_passes_in_every_format(pages: Pages, service: Service, tmp_path: Path) -> None:
    page = check_page(pages, service)
    choose_as_in_right(page)
    theta = right_theta(page, service)
    forms = {
        "header and steps": "\n".join(["step,a,b", *(f"{k},{a},{b}" for k, (a, b) in enumerate(theta))]),
        "steps alone": "\n".join(f"{k} {a} {b}" for k, (a, b) in enumerate(theta)),
        "decimal commas": "\n".join(f"{a};{b}".replace(".", ",") for a, b in theta),
        "JSON": json.dumps({"theta": theta}),
        "numpy": "[" + "\n ".join(f"[{a:.17e}  {b:.17e}]" for a, b in theta) + "]",
        "a list of arrays": "[" + ", ".join(f"array([{a!r}, {b!r}])" for a, b in theta) + "]",
    }
    for form, text in forms.items():
        paste(page, text)
        expect(page.locator(".trajectory-field .preview")).to_contain_text("13 rows, 2 parameters")
        page.get_by_role("button", name="Check it").click()
        heading = outcome(page).get_by_role("heading")
        expect(heading, form).to_have_text("Right: all 12 steps follow the rule")
    file = tmp_path / "mine.csv"
    file.write_text(forms["header and steps"].replace(str(theta[5][1]), "7"))
    page.get_by_label("Choose a file with your trajectory").set_input_files(file)
    expect(page.get_by_label("Your trajectory", exact=True).first).to_have_value(file.read_text())
    page.get_by_role("button", name="Check it").click()
    expect(outcome(page).get_by_role("heading", level=2)).to_have_text("Step 5 is the first that differs")
    expect(outcome(page)).to_contain_text("No usual mistake explains all of your steps.")


def test_the_csv_of_the_service_is_accepted(pages: Pages, service: Service) -> None:
    page = check_page(pages, service)
    choose_as_in_right(page)
    run = page.request.post(f"{service.url}/fit", data=RIGHT, headers={"Prefer": "wait=60"}).json()
    paste(page, page.request.get(f"{service.url}/runs/{run['id']}/trajectory?format=csv").text())
    heads = page.locator(".trajectory-field").get_by_role("columnheader")
    expect(heads).to_have_text(["Step", "intercept", "x"])
    page.get_by_role("button", name="Check it").click()
    expect(outcome(page)).to_contain_text("Right: all 12 steps follow the rule")


def test_test_rows_in_the_gradient_are_detected(pages: Pages, service: Service) -> None:
    page = check_page(pages, service)
    choose_as_in_right(page)
    page.get_by_label("Test rows").fill("0 5 7")
    page.get_by_label("Standardised").uncheck()
    page.get_by_label("Learning rate").fill("1e-6")
    raw = RIGHT | {"standardize": False, "descent": {"steps": 6, "learning_rate": 1e-6}}
    run = page.request.post(f"{service.url}/fit", data=raw, headers={"Prefer": "wait=60"}).json()
    paste(page, json.dumps(get(page, service, f"/runs/{run['id']}/trajectory")["theta"]))
    page.get_by_role("button", name="Check it").click()
    expect(outcome(page).locator("[data-code]")).to_have_attribute("data-code", "test_rows")


def test_errors_are_shown_beside_their_field(pages: Pages, service: Service) -> None:
    pages.expected = "422"
    page = check_page(pages, service)
    errors = page.locator("#trajectory-errors")
    expect(page.get_by_role("button", name="Check it")).to_be_disabled()
    paste(page, "a,b\n0,0\n1,nan\n")
    expect(errors).to_have_text("Line 3: “nan” is not a number.")
    expect(page.get_by_role("button", name="Check it")).to_be_disabled()
    paste(page, "0,0\n1,2\n3\n")
    expect(errors).to_have_text("Line 3 has 1 cells, the first has 2.")
    paste(page, "0,0,0\n1,2,3\n")
    page.get_by_role("button", name="Check it").click()
    expect(errors).to_contain_text("Step 0: This step has 3 numbers; θ has 2.")
    page.get_by_label("Learning rate").fill("-1")
    expect(page.locator('[data-field="rate"] .field-errors')).not_to_be_empty()


def test_a_change_of_language_keeps_the_entries(pages: Pages, service: Service) -> None:
    page = check_page(pages, service)
    paste(page, "0 0\n1 2\n")
    page.get_by_label("Start θ₀").fill("0 0")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_label("Votre trajectoire", exact=True).first).to_have_value("0 0\n1 2\n")
    expect(page.get_by_label("Départ θ₀")).to_have_value("0 0")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_it_fits_every_screen_in_both_languages(pages: Pages, service: Service, width: int, locale: str) -> None:
    page = check_page(pages, service, width=width, locale=locale)
    page.locator(".top button").click()
    expect(outcome(page)).to_be_visible()
    expect_no_sideways_scroll(page)

"""Creating a run on the page from a sample, from rows, and from drawn points."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import WIDTHS, expect_no_sideways_scroll, get
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
ROWS = "age;town;height\n1;Oslo;2,1\n2;Bergen;3,9\n3;Oslo;6,2\n4;Narvik;7,8\n5;Oslo;10,1\n"


def start_and_finish(page: Page, service: Service) -> dict[str, Any]:
    """Starts the run on the page and waits for its end."""
    page.get_by_role("button", name="Start the descent").click()
    expect(page).to_have_url(re.compile(r"#/runs/\w+$"))
    expect(page.get_by_role("status")).to_contain_text("Stopped after")
    return get(page, service, f"/runs/{page.url.rpartition('/')[2]}")


def shown_request(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator(".request-text code").inner_text())
    return found


def new_run(pages: Pages, service: Service, **options: Any) -> Page:
    page = pages.open(f"{service.url}/", **options)
    page.locator('a[href="#/new"]').click()
    return page


def test_a_sample_with_some_choices(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    expect(page.locator(".verdict")).to_contain_text("100 steps of 2 parameters")
    page.get_by_label("Model", exact=True).select_option("polynomial")
    page.get_by_label("Degree").fill("3")
    page.get_by_label("Standardised").check()
    page.get_by_label("Learning rate").fill("0.01")
    page.get_by_label("Name").fill("A cubic")
    expect(page.locator(".verdict")).to_contain_text("100 steps of 4 parameters")
    request = shown_request(page)
    run = start_and_finish(page, service)
    assert run["name"] == "A cubic"
    assert run["request"]["model"] == {"kind": "polynomial", "degree": 3, "intercept": True}
    assert run["request"]["standardize"] == {"features": True, "target": False}
    assert run["learning_rate"] == 0.01
    assert request["model"] == {"kind": "polynomial", "degree": 3}


def test_pasted_rows_and_another_target(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    page.get_by_label("A file or pasted rows").check()
    expect(page.get_by_role("button", name="Start the descent")).to_be_disabled()
    page.get_by_label("Rows to paste").fill(
        "age;ticket;height\n1;A 5;2,1\n2;B 7;3,9\n3;C 2;6,2\n4;D 9;7,8\n5;E 1;10,1\n"
    )
    page.get_by_role("button", name="Use these rows").click()
    preview = page.get_by_role("table", name="The first rows")
    expect(preview.get_by_role("columnheader")).to_have_text(["age", "height"])
    expect(page.locator(".preview")).to_contain_text("columns left out: ticket")
    page.get_by_label("Target").select_option("age")
    expect(page.get_by_text("Features: height")).to_be_visible()
    run = start_and_finish(page, service)
    assert (run["dataset"]["features"], run["dataset"]["target"]) == (["height"], "age")
    assert run["request"]["dataset"] == {"id": run["dataset"]["id"], "features": ["height"], "target": "age"}


def test_columns_of_a_file_are_chosen_in_french(pages: Pages, service: Service) -> None:
    pages.expected = "422"  # no feature is left for a moment
    page = new_run(pages, service, locale="fr-FR")
    page.get_by_label("Un fichier ou des lignes collées").check()
    page.get_by_label("Lignes à coller").fill("a;b;c;y\n1;5;2;1\n2;3;4;3\n3;8;1;2\n4;4;5;7\n")
    page.get_by_role("button", name="Utiliser ces lignes").click()
    table = page.get_by_role("table", name="Colonnes")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Variable", "Colonne", "Type", "Valeurs", "Moyenne", "Manquantes"]
    )
    expect(table.get_by_role("row").nth(1)).to_contain_text("1 … 4")
    expect(table.get_by_label("y comme variable")).to_be_disabled()
    assert "features" not in shown_request(page)["dataset"]
    table.get_by_label("a comme variable").uncheck()
    expect(page.get_by_text("Variables : b, c")).to_be_visible()
    page.get_by_label("Cible").select_option("c")
    expect(table.get_by_label("c comme variable")).to_be_disabled()
    expect(table.get_by_label("y comme variable")).to_be_checked()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("Features: b, y")).to_be_visible()
    run = start_and_finish(page, service)
    assert (run["dataset"]["features"], run["dataset"]["target"]) == (["b", "y"], "c")


def test_columns_of_a_sample_are_chosen(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    page.get_by_role("combobox", name="A sample").select_option("longley")
    table = page.get_by_role("table", name="Columns")
    for name in ("x1", "x2", "x3", "x4"):
        table.get_by_label(f"{name} as a feature").uncheck()
    page.get_by_label("Target").select_option("x6")
    expect(page.get_by_text("Features: x5, y")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("100 steps of 3 parameters")
    assert shown_request(page)["dataset"] == {"sample": "longley", "features": ["x5", "y"], "target": "x6"}


def test_a_file(pages: Pages, service: Service, tmp_path: Path) -> None:
    pages.expected = "422"  # class labels before the choice of a classifier
    file = tmp_path / "towns.csv"
    file.write_text(ROWS)
    page = new_run(pages, service)
    page.get_by_label("A file or pasted rows").check()
    page.get_by_label("Choose a file (CSV, Excel)").set_input_files(file)
    expect(page.get_by_role("table", name="The first rows")).to_be_visible()
    page.get_by_label("Target").select_option("town")
    expect(page.locator(".preview")).to_contain_text("Bergen (1), Narvik (1), Oslo (3)")
    page.get_by_label("Model", exact=True).select_option("softmax")
    run = start_and_finish(page, service)
    assert run["classes"] == ["Bergen", "Narvik", "Oslo"]


def test_a_deleted_dataset_is_reported_when_the_page_is_redrawn(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = new_run(pages, service)
    page.get_by_label("A file or pasted rows").check()
    page.get_by_label("Rows to paste").fill("gone;soon\n1;2\n3;4\n5;7\n")
    page.get_by_role("button", name="Use these rows").click()
    expect(page.get_by_role("table", name="The first rows")).to_be_visible()
    httpx2.delete(f"{service.url}/datasets/{shown_request(page)['dataset']['id']}", timeout=LONGEST).raise_for_status()
    page.get_by_role("button", name="Français").click()
    expect(page.locator("#problem-action")).to_contain_text("dataset")


def test_the_last_rows_are_used_if_earlier_answers_arrive_later(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/datasets?*", hold, times=1)
    page.get_by_label("A file or pasted rows").check()
    for first in ("early", "late"):
        page.get_by_label("Rows to paste").fill(f"{first};y\n1;2\n3;4\n5;7\n")
        page.get_by_role("button", name="Use these rows").click()
    heads = page.get_by_role("table", name="The first rows").get_by_role("columnheader")
    expect(heads).to_have_text(["late", "y"])
    with page.expect_response("**/datasets?*"):
        held[0].continue_()
    page.evaluate("fetch('/livez').then(() => fetch('/livez'))")  # after the requests that this change causes
    expect(heads).to_have_text(["late", "y"])


def test_the_error_of_a_bad_file_names_the_row(pages: Pages, service: Service) -> None:
    pages.expected = "422"
    page = new_run(pages, service)
    page.get_by_label("A file or pasted rows").check()
    page.get_by_label("Rows to paste").fill("a,b\n1,2\n3\n")
    page.get_by_role("button", name="Use these rows").click()
    expect(page.locator(".drop .field-errors")).to_contain_text("row 3")


def test_a_doubtful_mark_is_chosen_on_the_page(pages: Pages, service: Service) -> None:
    pages.expected = "422"
    page = new_run(pages, service)
    page.get_by_label("A file or pasted rows").check()
    page.get_by_label("Rows to paste").fill("a\ty\n1,234\t1\n2,345\t2\n3,456\t4\n4,567\t5\n")
    page.get_by_role("button", name="Use these rows").click()
    errors = page.locator(".drop .field-errors")
    expect(errors).to_contain_text("Choose above: “Decimal mark”.")
    expect(errors).not_to_contain_text("?decimal=")
    page.get_by_label("Decimal mark").select_option(",")
    preview = page.get_by_role("table", name="The first rows")
    expect(preview.get_by_role("cell").first).to_have_text("1.234")
    page.get_by_label("Decimal mark").select_option("recognised")
    page.get_by_label("Mark between thousands").select_option(",")
    expect(preview.get_by_role("cell").first).to_have_text("1234")
    expect(page.get_by_label("Dates")).to_have_value("ignore")


def test_errors_of_the_service_are_shown_beside_their_field(pages: Pages, service: Service) -> None:
    pages.expected = "422"
    page = new_run(pages, service)
    page.get_by_label("Model", exact=True).select_option("formula")
    page.get_by_label("Formula").fill("b1^2*x")
    wrong = page.locator('[data-field="formula"]')
    expect(wrong.locator(".field-errors")).to_contain_text("The sign ^ cannot stand in a formula")
    expect(wrong.locator(".caret")).to_have_text("b1^2*x\n  ▲")
    expect(page.get_by_label("Formula")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Formula").fill("b1**2*x")
    expect(wrong.locator(".field-errors")).to_be_empty()
    page.get_by_label("Learning rate").fill("-1")
    expect(page.locator('[data-field="rate"] .field-errors')).not_to_be_empty()


def test_points_are_drawn_with_the_mouse_or_with_keys(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    page.get_by_label("Points that you draw").check()
    field = page.get_by_role("application")
    expect(page.get_by_text("Click to make a point")).to_be_visible()
    box = field.locator("rect").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    points = shown_request(page)["dataset"]
    assert points == {
        "x": [[pytest.approx(2.5, abs=0.05)], [pytest.approx(5, abs=0.05)]],
        "y": [pytest.approx(5, abs=0.05), pytest.approx(7.5, abs=0.05)],
    }
    page.get_by_role("button", name="Clear").click()
    for x, y in ((90, 250), (190, 200), (290, 150)):
        field.click(position={"x": x, "y": y})
    field.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".drawing")).to_contain_text("4 points")
    field.click(position={"x": 90, "y": 250})
    expect(page.locator(".drawing")).to_contain_text("3 points")
    run = start_and_finish(page, service)
    assert run["dataset"]["rows"] == 3


def test_the_request_runs_as_curl_and_python(pages: Pages, service: Service) -> None:
    page = new_run(pages, service)
    expect(page.locator(".verdict")).to_contain_text("100 steps")
    page.get_by_role("button", name="Python").click()
    code = page.locator(".request-text code").inner_text()
    namespace: dict[str, Any] = {}
    exec(code.replace("print(", "run_id = ("), namespace)
    assert get(page, service, f"/runs/{namespace['run_id']}")["id"] == namespace["run_id"]
    page.get_by_role("button", name="curl").click()
    assert page.locator(".request-text code").inner_text().startswith(f"curl {service.url}/fit -H")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_it_fits_every_screen_in_both_languages(pages: Pages, service: Service, width: int, locale: str) -> None:
    page = new_run(pages, service, width=width, locale=locale)
    expect(page.locator(".verdict")).to_contain_text("100")
    expect_no_sideways_scroll(page)

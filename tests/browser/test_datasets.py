"""The datasets on the page: the list, and one dataset with its rows and runs."""

import re

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_accessibility import violations
from tests.waiting import LONGEST

pytestmark = pytest.mark.browser
ROWS = "age;town;height\n1;Oslo;2,5\n2;Bergen;3,9\n3;Oslo;6,2\n4;Narvik;7,8\n5;Oslo;10,1\n"


def upload(service: Service, name: str) -> str:
    with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
        query = {"name": name, "target": "height"}
        answer = client.post("/datasets", params=query, content=ROWS.encode(), headers={"Content-Type": "text/csv"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def test_a_dataset_is_fitted_renamed_and_deleted_by_keyboard(pages: Pages, new_service: Service) -> None:
    pages.expected = "409"  # a run uses the dataset
    page = pages.open(f"{new_service.url}/")
    page.get_by_role("link", name="Datasets").press("Enter")
    expect(page.get_by_text("No dataset yet")).to_be_visible()
    dataset = upload(new_service, "heights")
    page.reload()
    expect(page.get_by_role("row").nth(1)).to_contain_text("height")
    assert violations(page) == []
    page.get_by_role("link", name="heights").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("heights")
    table = page.get_by_role("table", name="Columns")
    expect(table.get_by_role("row").nth(1)).to_contain_text("1 … 5")
    expect(page.get_by_role("table", name="The first rows").get_by_role("row")).to_have_count(6)
    expect(page.get_by_text("No run uses it.")).to_be_visible()
    page.get_by_role("button", name="Rename").press("Enter")
    page.get_by_role("textbox", name="New name").fill("Children")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Children")
    page.get_by_role("link", name="Fit a model").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("100 steps")
    expect(page.locator(".request-text code")).to_contain_text(dataset)
    page.get_by_role("button", name="Start the descent").press("Enter")
    expect(page).to_have_url(re.compile(r"#/runs/\w+$"))
    run = page.url.rpartition("/")[2]
    expect(page.locator(".results")).to_be_visible()
    page.goto(f"{new_service.url}/#/datasets/{dataset}")
    expect(page.get_by_role("table", name="Its runs").get_by_role("link")).to_have_attribute("href", f"#/runs/{run}")
    for used in (True, False):
        page.get_by_role("button", name="Delete").press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
        if used:
            expect(page.locator("#problem-action")).to_be_visible()
            httpx2.delete(f"{new_service.url}/runs/{run}", timeout=LONGEST).raise_for_status()
    expect(page).to_have_url(re.compile(r"#/datasets$"))
    expect(page.get_by_text("No dataset yet")).to_be_visible()


def test_a_dataset_in_french(pages: Pages, service: Service) -> None:
    pages.expected = "404"
    page = pages.open(f"{service.url}/#/datasets/{upload(service, 'tailles')}", locale="fr-FR", width=390)
    expect(page.get_by_role("table", name="Colonnes").get_by_role("row").nth(3)).to_contain_text("2,5 … 10,1")
    expect(page.get_by_role("table", name="Les premières lignes")).to_contain_text("3,9")
    assert violations(page) == []
    page.get_by_role("link", name="← Jeux de données").click()
    expect(page.get_by_role("link", name="tailles")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{service.url}/#/datasets/none")
    expect(page.get_by_role("alert").filter(has_text="none")).to_be_visible()

"""The list of runs on the page: filtered, ordered, and changed, also by keyboard alone."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from service.server.live_server import running_service
from tests.browser.conftest import Pages, Service
from tests.browser.test_page import EXAMPLE, WIDTHS, expect_no_sideways_scroll
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.browser
RATES = {"from": 0.05, "to": 0.001, "count": 500}
SHORT = EXAMPLE | {"descent": {"steps": 3, "learning_rate": 0.05}}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a sweep of 500 runs, and two others."""
    database = f"sqlite:///{tmp_path_factory.mktemp('many')}/descent.db"
    with (
        running_service("--database", database, "--workers", "2") as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        sweep = client.post(
            "/sweeps", json={"base": SHORT | {"name": "hay"}, "grid": {"/descent/learning_rate": RATES}}
        )
        assert sweep.status_code == 202, sweep.text
        for name in ("The needle", "A thread"):
            client.post("/fit", json=SHORT | {"name": name}).raise_for_status()
        until(lambda: client.get("/runs", params={"status": ["queued", "running"]}).json()["data"] == [])
        yield service


def titles(page: Page) -> list[str]:
    return page.locator(".runs tbody th").all_inner_texts()


def test_a_run_is_found_renamed_and_deleted_by_keyboard(many: Service, pages: Pages) -> None:
    page = pages.open(f"{many.url}/")
    expect(page.get_by_role("row")).to_have_count(51)
    page.get_by_role("searchbox", name="Find by name").focus()
    page.keyboard.type("needle")
    expect(page.get_by_role("row")).to_have_count(2)
    assert titles(page) == ["The needle"]
    expect(page).to_have_url(re.compile(r"#/\?name=needle$"))
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Rename").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Found needle")
    page.keyboard.press("Enter")
    expect(page.locator(".runs tbody th")).to_have_text("Found needle")
    page.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Delete this run?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No run is like that.")).to_be_visible()
    page.get_by_role("button", name="Show all runs").click()
    expect(page.get_by_role("row")).to_have_count(51)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile(r"#/$"))


def test_the_list_has_an_order_and_a_status_that_the_address_keeps(many: Service, pages: Pages) -> None:
    page = pages.open(f"{many.url}/#/?name=hay")
    page.get_by_role("combobox", name="Order").select_option("Lowest test MSE at the end")
    expect(page.locator(".runs tbody th").first).to_contain_text("0.05")
    page.get_by_role("combobox", name="Status").select_option("Finished")
    expect(page).to_have_url(re.compile(r"status=succeeded"))
    page.locator(".runs tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("0.05")
    page.go_back()
    expect(page.get_by_role("combobox", name="Order")).to_have_value("test_mse")
    expect(page.get_by_role("combobox", name="Status")).to_have_value("succeeded")
    expect(page.locator(".runs tbody th").first).to_contain_text("0.05")
    page.get_by_role("combobox", name="Status").select_option("Failed")
    expect(page.get_by_text("No run is like that.")).to_be_visible()
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_text("Aucune descente ne correspond.")).to_be_visible()
    expect(page.get_by_role("combobox", name="État")).to_have_value("failed")


@pytest.mark.parametrize(("locale", "label"), [("en-GB", "Tag"), ("fr-FR", "Étiquette")])
def test_runs_are_found_by_their_tag(locale: str, label: str, many: Service, pages: Pages) -> None:
    tagged = SHORT | {"name": f"Tagged, {locale}", "tags": {"language": locale}}
    run = httpx2.post(f"{many.url}/fit", json=tagged, timeout=LONGEST).json()["id"]
    page = pages.open(f"{many.url}/", locale=locale)
    expect(page.get_by_role("row")).to_have_count(51)
    page.get_by_role("textbox", name=label).fill(f"language:{locale}")
    expect(page.get_by_role("row")).to_have_count(2)
    assert titles(page) == [f"Tagged, {locale}"]
    page.goto(f"{many.url}/#/runs/{run}")
    page.get_by_role("link", name=f"language:{locale}").press("Enter")
    expect(page.get_by_role("textbox", name=label)).to_have_value(f"language:{locale}")
    expect(page.get_by_role("row")).to_have_count(2)


def test_several_runs_are_deleted_at_once(many: Service, pages: Pages) -> None:
    page = pages.open(f"{many.url}/#/?name=hay*&sort=created_at")
    expect(page.get_by_role("row")).to_have_count(51)
    for place in range(3):
        page.get_by_role("checkbox").nth(place).check()
    gone = titles(page)[:3]
    assert gone[0].endswith(" 0.05")  # the oldest
    expect(page.get_by_role("button", name="Rename")).to_be_hidden()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    for title in gone:
        expect(page.get_by_role("link", name=title, exact=True)).to_have_count(0)
    expect(page.get_by_text("Tick two runs or more")).to_be_visible()


def test_a_run_is_renamed_on_its_page(many: Service, pages: Pages) -> None:
    page = pages.open(f"{many.url}/#/?name=thread")
    page.get_by_role("link", name="A thread").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="New name").fill("Ariadne's thread")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ariadne's thread")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ariadne's thread")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_filters_fit_the_window(width: int, many: Service, pages: Pages) -> None:
    page = pages.open(f"{many.url}/", width=width, locale="fr-FR")
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect_no_sideways_scroll(page)

"""The actions on a run's page: playback, corrected request, fork."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service
from tests.browser.test_page import DIVERGING, EXAMPLE, cell, fit, get, open_run

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("locale", "title", "button", "ended", "verdict"),
    [
        (
            "en-GB",
            "The learning rate is too large",
            "Run it with this change",
            "Finished",
            r"Stalled E hardly moves any more: at step 100 it is 17\.94; its minimum is 17\.04",
        ),
        (
            "fr-FR",
            "Le taux d’apprentissage est trop grand",
            "Relancer avec ce changement",
            "Terminée",
            r"N’avance plus E ne bouge presque plus\xa0: à l’étape 100, il vaut 17,94\xa0; son minimum est 17,04",
        ),
    ],
)
def test_a_diverging_run_has_a_finding_whose_corrected_request_keeps_its_promise(
    pages: Pages, service: Service, locale: str, title: str, button: str, ended: str, verdict: str
) -> None:
    page = pages.open(service.url, locale=locale)
    run_id = fit(page, service, DIVERGING)
    page.goto(f"{service.url}/#/runs/{run_id}")
    expect(page.locator(".judged")).to_have_text(re.compile(r"20.*3[.,]397e\+06"))
    expect(page.locator(".run-head .badge")).to_have_count(1)  # the divergence is marked once
    finding = page.locator('.finding[data-code="learning_rate_too_large"]')
    expect(finding.get_by_role("heading")).to_have_text(title)
    sentence = finding.locator("p:not(.mend, .promise)").filter(has_text=re.compile(r"\d"))
    expect(sentence).to_have_count(1)  # the numbers are shown once
    expect(finding.locator(".promise")).to_have_text(re.compile(r"17[.,]94"))
    promise = get(page, service, f"/runs/{run_id}")["diagnosis"][0]["promise"]
    finding.get_by_role("button", name=button).click()
    expect(page).not_to_have_url(re.compile(run_id))
    expect(page.get_by_role("status")).to_contain_text(ended)
    corrected = get(page, service, f"/runs/{page.url.rpartition('/')[2]}")
    assert corrected["status"] == "succeeded"
    assert corrected["diagnosis"] == []
    assert corrected["final"][promise["criterion"]] == pytest.approx(promise["after"], rel=1e-2)
    expect(page.locator(".finding")).to_have_count(0)
    expect(page.locator(".judged")).to_have_text(re.compile(verdict))


def test_a_descent_is_played_rewound_and_stepped_through(page: Page, service: Service) -> None:
    page.clock.install()
    open_run(page, service, EXAMPLE)
    expect(cell(page, "step")).to_have_text("100")
    page.get_by_role("button", name="Rewind to step 0").click()
    expect(cell(page, "step")).to_have_text("0")
    page.get_by_role("button", name="One step forward").click()
    page.get_by_role("button", name="One step forward").click()
    expect(cell(page, "step")).to_have_text("2")
    page.get_by_role("button", name="One step back").click()
    expect(cell(page, "step")).to_have_text("1")
    page.get_by_role("button", name="Play", exact=True).click()
    pause = page.get_by_role("button", name="Pause the playback")
    expect(cell(page, "step")).to_have_text(re.compile(r"^([2-9]|\d\d)$"))
    pause.click()
    paused_at = cell(page, "step").inner_text()
    page.clock.fast_forward("00:10")
    expect(cell(page, "step")).to_have_text(paused_at)
    page.get_by_role("button", name="Play", exact=True).click()
    page.clock.fast_forward("00:12")
    expect(cell(page, "step")).to_have_text("100")
    expect(pause).to_have_count(0)


def test_a_run_is_forked_at_the_chosen_step(pages: Pages, page: Page, service: Service) -> None:
    pages.expected = "422"
    run_id = open_run(page, service, EXAMPLE)
    slider = page.get_by_role("slider", name="Step")
    slider.press("Home")
    for _ in range(3):
        slider.press("ArrowRight")
    page.get_by_role("button", name="Fork from here").click()
    dialog = page.get_by_role("dialog", name="A new run from step 3")
    dialog.get_by_label("Learning rate").fill("-1")
    dialog.get_by_role("button", name="Start the fork").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.get_by_label("Learning rate").fill("0.2")
    dialog.get_by_label("Steps asked").fill("40")
    dialog.get_by_label("Optimiser").select_option("momentum")
    dialog.get_by_role("button", name="Start the fork").click()
    expect(page).not_to_have_url(re.compile(run_id))
    expect(page.get_by_role("status")).to_contain_text("Stopped after 40 steps")
    fork = get(page, service, f"/runs/{page.url.rpartition('/')[2]}")
    assert fork["forked_from"] == {"run_id": run_id, "step": 3}
    assert fork["request"]["descent"]["learning_rate"] == 0.2
    assert fork["request"]["descent"]["optimizer"]["kind"] == "momentum"
    first_theta = get(page, service, f"/runs/{fork['id']}/trajectory?to_step=0")["theta"]
    assert first_theta == get(page, service, f"/runs/{run_id}/trajectory?from_step=3&to_step=3")["theta"]


def test_theta_the_gradient_and_the_rate_are_drawn_too(page: Page, service: Service) -> None:
    schedule = {"kind": "exponential", "factor": 0.98}
    open_run(page, service, EXAMPLE | {"descent": {"steps": 60, "learning_rate": 0.1, "schedule": schedule}})
    page.get_by_text("θ, the gradient and the learning rate over the steps").click()
    more = page.locator(".more-curves")
    expect(more.get_by_role("img")).to_have_attribute("aria-label", "Parameters θ: intercept, x")
    expect(more.locator(".dot:visible")).to_have_count(2)
    for name in ("Gradient norm ‖∇E‖", "Learning rate η"):
        more.get_by_role("button", name=name).click()
        expect(more.get_by_role("img")).to_have_attribute("aria-label", re.compile(name))
        expect(more.locator(".dot:visible")).to_have_count(1)
    box = more.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(cell(page, "step")).to_have_text("30")

"""`make screenshots`: each view of the page as a picture, docs/screenshots/NAME.png, from a service of its own.

A picture is a row of SHOTS. An address may name runs of RUNS, which are made first: `#/runs/{overfitting}`.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2
import numpy as np
from playwright.sync_api import Browser, Page, expect

from service.ephemeral import running_service
from tests.browser.chromium import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 150_000
WIDE, PHONE = (1280, 800), (390, 844)
Prepare = Callable[[Page], None]


def _waves() -> dict[str, Any]:
    chance = np.random.default_rng(3)
    x = np.sort(chance.uniform(0, 6, 18)).round(2)
    y = (np.sin(x) + chance.normal(0, 0.3, 18)).round(2)
    return {"x": x[:, None].tolist(), "y": y.tolist(), "feature_names": ["hours"], "target_name": "tide"}


NORRIS = {"dataset": {"sample": "norris"}, "standardize": True}
OVERFITTING = {
    "dataset": _waves(),
    "split": {"test_fraction": 0.4, "seed": 1},
    "standardize": True,
    "model": {"kind": "polynomial", "degree": 7},
    "descent": {"steps": 12_000, "learning_rate": 0.02, "optimizer": {"kind": "nesterov", "momentum": 0.9}},
}
RUNS: dict[str, dict[str, Any]] = {
    "diverging": {**NORRIS, "standardize": False, "preset": "course", "name": "The course's update, on raw data"},
    "cours": {**NORRIS, "standardize": False, "preset": "course", "name": "L’algorithme du cours, données brutes"},
    "crawling": {**NORRIS, "descent": {"steps": 100, "learning_rate": 0.005}, "name": "Norris, a step too small"},
    "first": {**NORRIS, "descent": {"steps": 100, "learning_rate": 0.05}, "name": "Norris, a first descent"},
    "penguins": {
        "dataset": {"sample": "penguins"},
        "standardize": True,
        "model": {"kind": "softmax"},
        "descent": {"steps": 400, "learning_rate": 0.5},
        "name": "Penguins by their bills",
    },
    "formula": {
        "dataset": {"sample": "misra1a"},
        "split": {"test_fraction": 0},
        "model": {"kind": "formula", "formula": "100*b1*(1 - exp(-b2*x/1000))"},
        "descent": {"steps": 5000, "learning_rate": 5e-5, "optimizer": {"kind": "nesterov", "momentum": 0.99}},
        "name": "Misra1a, NIST's formula",
    },
    "overfitting": {**OVERFITTING, "name": "Tides by a polynomial of degree 7"},
    "live": {
        "dataset": {"sample": "penguins"},
        "standardize": True,
        "model": {"kind": "mlp", "hidden": [8], "task": "classification"},
        "descent": {"steps": 200_000, "learning_rate": 0.02},
        "name": "Penguins by a small network",
    },
}
"""Each by the name that addresses call it, the oldest first. The last one is not waited for."""


class Shot(NamedTuple):
    """A picture: the address, what must be there before it is taken, and how it is looked at."""

    name: str
    address: str
    ready: str
    size: tuple[int, int] = WIDE
    locale: str = "en-GB"
    dark: bool = False
    prepare: Prepare = lambda page: None


def _stand_at_the_best(page: Page) -> None:
    best = page.locator(".legend .best").inner_text()
    page.get_by_role("spinbutton").fill("".join(filter(str.isdigit, best)))
    page.keyboard.press("Enter")
    page.locator(".trouble").evaluate("element => scrollTo(0, element.offsetTop - 16)")


def _wait_for_a_tenth(page: Page) -> None:
    bar = page.locator(".bar progress")
    while bar.evaluate("bar => bar.value / bar.max") < 0.1:
        page.wait_for_timeout(100)


SHOTS = (
    Shot("live", "#/runs/{live}", ".bar progress", prepare=_wait_for_a_tenth),  # first: it comes to its end
    Shot("runs", "#/", ".runs tbody tr"),
    Shot("new-run", "#/new", ".verdict:not(:empty)"),
    Shot("run", "#/runs/{penguins}", ".results"),
    Shot("findings", "#/runs/{overfitting}", ".results", prepare=_stand_at_the_best),
    Shot("diverged", "#/runs/{diverging}", ".finding"),
    Shot("dark", "#/runs/{overfitting}", ".results", dark=True, prepare=_stand_at_the_best),
    Shot("french", "#/runs/{cours}", ".finding", locale="fr-FR"),
    Shot("phone", "#/runs/{first}", ".results", size=PHONE),
    Shot("phone-runs", "#/", ".runs tbody tr", size=PHONE, dark=True),
    Shot("swagger", "docs", ".opblock"),
)


def main() -> int:
    """Takes them all, or those that are named; 1 if there is no browser or a picture is too large."""
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as home, chromium() as browser:
        if browser is None:
            print("Chromium is missing.", file=sys.stderr)
            return 1
        options = ("--workers", "1", "--database", f"sqlite:///{home}/descent.db")
        with running_service(*options, log=subprocess.DEVNULL) as service:
            runs = {name: _made(service.url, body, wait=name != "live") for name, body in RUNS.items()}
            sizes = {
                shot.name: _taken(browser, f"{service.url}/{shot.address.format(**runs)}", shot) for shot in wanted
            }
    for name, size in sizes.items():
        print(f"{size:>8,} bytes  {name}.png")
    return int(max(sizes.values()) > MOST_BYTES)


def _made(url: str, body: dict[str, Any], *, wait: bool) -> str:
    headers = {"Prefer": "wait=60"} if wait else {}
    answer = httpx2.post(f"{url}/fit", json=body, headers=headers, timeout=90).raise_for_status()
    return str(answer.json()["id"])


def _taken(browser: Browser, url: str, shot: Shot) -> int:
    """Takes the picture; its bytes."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=shot.locale,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    expect(page.locator(shot.ready).first).to_be_visible(timeout=30_000)
    shot.prepare(page)
    page.wait_for_timeout(500)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    picture = page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()
    return len(picture)


if __name__ == "__main__":
    sys.exit(main())

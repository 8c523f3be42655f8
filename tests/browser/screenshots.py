"""`make screenshots`: writes a picture of each view to docs/screenshots/NAME.png, from a temporary service.

A row of SHOTS defines a picture. Its address may name runs of RUNS, which are created first: `#/runs/{overfitting}`.
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

from service.server.live_server import running_service
from tests.browser.chromium import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 200_000
LONGEST_MS = 120_000
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
    "momentum": {
        **NORRIS,
        "descent": {"steps": 100, "learning_rate": 0.05, "optimizer": {"kind": "momentum", "momentum": 0.9}},
        "name": "Norris, with momentum",
    },
    "network": {
        "dataset": {"sample": "penguins"},
        "standardize": True,
        "model": {"kind": "mlp", "hidden": [6], "task": "classification"},
        "descent": {"steps": 300, "learning_rate": 0.5},
        "name": "Penguins by a network of six",
    },
    "live": {
        "dataset": {"sample": "penguins"},
        "standardize": True,
        "model": {"kind": "mlp", "hidden": [8], "task": "classification"},
        "descent": {"steps": 200_000, "learning_rate": 0.02},
        "name": "Penguins by a small network",
    },
}
"""Requests by their name in the addresses, the oldest first. The script does not wait for the end of the last run."""


SWEEP = {
    "base": {**NORRIS, "descent": {"steps": 100}, "name": "Norris, which rate?"},
    "grid": {"/descent/learning_rate": {"from": 0.002, "to": 1.2, "count": 16, "scale": "log"}},
}


class Shot(NamedTuple):
    """A picture: its address, the element to wait for, and the browser's options."""

    name: str
    address: str
    ready: str
    size: tuple[int, int] = WIDE
    locale: str = "en-GB"
    dark: bool = False
    prepare: Prepare = lambda page: None


def _choose_the_best_step(page: Page) -> None:
    best = page.locator(".legend .best").inner_text()
    page.get_by_role("spinbutton").fill("".join(filter(str.isdigit, best)))
    page.keyboard.press("Enter")
    page.locator(".trouble").evaluate("element => scrollTo(0, element.offsetTop - 16)")


def _open_the_landscape(page: Page) -> None:
    page.locator(".landscape summary").click()
    page.get_by_role("spinbutton", name="Step").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator(".landscape-figure .arrow .line")).to_be_visible(timeout=LONGEST_MS)
    page.locator(".landscape").evaluate("element => scrollTo(0, element.offsetTop - 16)")


def _open_the_surface(page: Page) -> None:
    _open_the_landscape(page)
    page.locator(".landscape .scale button").last.click()
    expect(page.locator(".hill canvas")).to_be_visible(timeout=LONGEST_MS)


def _show_the_arithmetic(page: Page) -> None:
    page.get_by_role("spinbutton", name="Step").fill("3")
    page.get_by_role("button", name="Show the arithmetic").click()
    expect(page.locator(".arithmetic table").first).to_be_visible(timeout=LONGEST_MS)
    page.locator(".arithmetic").evaluate("element => scrollTo(0, element.offsetTop - 16)")


def _show_the_fit(page: Page) -> None:
    expect(page.locator(".fit-view")).to_be_visible(timeout=LONGEST_MS)
    page.locator(".fit-view").evaluate("element => scrollTo(0, element.offsetTop - 16)")


def _check_the_example(page: Page) -> None:
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator(".outcome")).to_be_visible(timeout=LONGEST_MS)
    page.locator(".outcome").evaluate("element => scrollTo(0, element.offsetTop - 300)")


def _wait_for_a_tenth(page: Page) -> None:
    bar = page.locator(".bar progress")
    while bar.evaluate("bar => bar.value / bar.max") < 0.1:
        page.wait_for_timeout(100)


SHOTS = (
    Shot("live", "#/runs/{live}", ".bar progress", prepare=_wait_for_a_tenth),  # wait until the run is finished
    Shot("runs", "#/", ".runs tbody tr"),
    Shot("new-run", "#/new", ".verdict:not(:empty)"),
    Shot("run", "#/runs/{penguins}", ".results"),
    Shot("findings", "#/runs/{overfitting}", ".results", prepare=_choose_the_best_step),
    Shot("diverged", "#/runs/{diverging}", ".finding"),
    Shot("dark", "#/runs/{overfitting}", ".results", dark=True, prepare=_choose_the_best_step),
    Shot("french", "#/runs/{cours}", ".finding", locale="fr-FR"),
    Shot("phone", "#/runs/{first}", ".results", size=PHONE),
    Shot("phone-runs", "#/", ".runs tbody tr", size=PHONE, dark=True),
    Shot("landscape", "#/runs/{first}", ".results", prepare=_open_the_landscape),
    Shot("hill", "#/runs/{first}", ".results", dark=True, prepare=_open_the_surface),
    Shot("plane", "#/runs/{network}", ".results", prepare=_open_the_landscape),
    Shot("fit", "#/runs/{overfitting}", ".results", prepare=_show_the_fit),
    Shot("classes", "#/runs/{penguins}", ".results", prepare=_show_the_fit),
    Shot("arithmetic", "#/runs/{first}", ".results", prepare=_show_the_arithmetic),
    Shot("compare", "#/compare?runs={crawling},{first},{momentum}", ".compared"),
    Shot("sweep", "#/sweeps/{sweep}", ".ranking tbody tr"),
    Shot("new-sweep", "#/sweeps/new?run={first}", ".value-row"),
    Shot("check", "#/check", ".trajectory-field", prepare=_check_the_example),
    Shot("swagger", "docs", ".opblock"),
)


def main() -> int:
    """Takes all pictures or the named ones. Returns 1 without a browser or if a picture is too large."""
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as home, chromium() as browser:
        if browser is None:
            print("Chromium is missing.", file=sys.stderr)
            return 1
        options = ("--workers", "1", "--database", f"sqlite:///{home}/descent.db")
        with running_service(*options, log=subprocess.DEVNULL) as service:
            runs = {name: _made(service.url, body, wait=True) for name, body in RUNS.items() if name != "live"}
            runs["sweep"] = _swept(service.url)
            runs["live"] = _made(service.url, RUNS["live"], wait=False)  # last: no picture needs its end
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


def _swept(url: str) -> str:
    answer = httpx2.post(f"{url}/sweeps", json=SWEEP, headers={"Prefer": "wait=60"}, timeout=90).raise_for_status()
    return str(answer.json()["id"])


def _taken(browser: Browser, url: str, shot: Shot) -> int:
    """Takes the picture and returns its bytes."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=shot.locale,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    expect(page.locator(shot.ready).first).to_be_visible(timeout=LONGEST_MS)
    shot.prepare(page)
    page.wait_for_timeout(500)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    picture = page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()
    return len(picture)


if __name__ == "__main__":
    sys.exit(main())

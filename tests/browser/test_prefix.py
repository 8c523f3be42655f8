"""The page and Swagger UI below a prefix, by the nginx of docs/deploy/nginx.conf."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Response, expect

from service.server.live_server import running_service
from tests.browser.conftest import Pages
from tests.required_programs import required
from tests.service.helpers import fit_body
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).parents[2] / "docs" / "deploy" / "nginx.conf"
FRAME = """
daemon off;
pid {home}/pid;
error_log {home}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/bodies;
    proxy_temp_path {home}/answers;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    {server}
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=LONGEST).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service below the prefix."""
    nginx, home, port = required("nginx"), tmp_path_factory.mktemp("nginx"), free_port()
    options = ("--database", f"sqlite:///{home}/descent.db", "--workers", "1")
    with running_service(*options, environment={**os.environ, "DESCENT_ROOT_PATH": "/descent"}) as service:
        server = EXAMPLE.read_text().replace("http://127.0.0.1:8000", service.url)
        server = server.replace("listen 8080", f"listen 127.0.0.1:{port}")
        (home / "nginx.conf").write_text(FRAME.format(home=home, server=server))
        process = subprocess.Popen([nginx, "-p", str(home), "-e", f"{home}/errors", "-c", f"{home}/nginx.conf"])
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/descent/livez"))
            yield f"http://127.0.0.1:{port}/descent"
        finally:
            process.terminate()
            process.wait(LONGEST)


def test_a_run_is_submitted_and_looked_at_below_the_prefix(proxied: str, pages: Pages) -> None:
    run = httpx2.post(f"{proxied}/fit", json=fit_body(), headers={"Prefer": "wait=30"}, timeout=LONGEST)
    location = run.headers["Location"]
    assert location == run.json()["links"]["self"] == f"/descent/runs/{run.json()['id']}"
    missed: list[str] = []

    def watch(answer: Response) -> None:
        if answer.status >= 400 or not answer.url.startswith(f"{proxied}/"):
            missed.append(f"{answer.status} {answer.url}")

    page = pages.open("about:blank")
    page.on("response", watch)
    page.goto(f"{proxied}/")
    page.locator(".runs tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".uplot").first).to_be_visible()
    page.goto(f"{proxied}/#/new")
    page.get_by_role("button", name="Start the descent").click()
    page.wait_for_url(re.compile(r"/descent/#/runs/"))
    expect(page.locator(".uplot").first).to_be_visible()
    assert missed == []


def test_swagger_ui_executes_below_the_prefix(proxied: str, pages: Pages) -> None:
    page = pages.open(f"{proxied}/docs")
    block = page.locator(".opblock-get", has=page.locator("[data-path='/runs']"))
    block.locator(".opblock-summary").click()
    with page.expect_response(lambda answer: answer.url.startswith(f"{proxied}/runs")) as answer:
        block.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200


def test_the_prefix_without_its_slash_leads_to_the_page(proxied: str) -> None:
    answer = httpx2.get(proxied, follow_redirects=True, timeout=LONGEST)
    assert (answer.status_code, answer.url.path) == (200, "/descent/")

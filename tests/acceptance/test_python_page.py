"""docs/python.md is one script: its blocks run in their order against a service."""

import re
import subprocess
import sys
from pathlib import Path

from service.server.live_server import Service
from tests.acceptance.test_readme import IGNORED
from tests.waiting import LONGEST

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"


def test_the_blocks_are_one_script(service: Service, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 9
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={"DESCENT_URL": service.url},
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "'identical': True" in done.stdout
    assert {each.name for each in tmp_path.iterdir()} == {"model.py", "steps.npz"} < IGNORED

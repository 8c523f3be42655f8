"""Fixtures of several acceptance tests."""

import shlex
import sys
from pathlib import Path

import pytest


@pytest.fixture
def stuck_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the supervisor start workers that compute forever once they claim a run."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.acceptance.stuck_worker "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

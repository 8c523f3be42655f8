"""SciPy is imported where a reference needs it: it would double the start of a worker."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["gd_engine", "service.worker.process", "service.api.app"])
def test_no_process_imports_scipy_at_its_start(module: str) -> None:
    code = f"import sys, {module}; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

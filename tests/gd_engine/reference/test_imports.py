"""SciPy is imported where a reference needs it: it would double the start of a worker."""

import subprocess
import sys


def test_no_process_imports_scipy_at_its_start() -> None:
    code = "import sys, gd_engine, service.worker.process, service.api.app; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

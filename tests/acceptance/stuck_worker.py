"""A worker whose computation never checks for a stop. The supervisor's form, with the settings on standard input:
python -m tests.acceptance.stuck_worker -m MODULE NAME
"""

import sys
import time
from typing import Any
from unittest.mock import patch

from service.core.settings import Settings
from service.worker import training
from service.worker.process import Worker, main


def compute_for_ever(*_: Any) -> Any:
    """Replaces the preparation of a run."""
    time.sleep(3600)


def work(settings: Settings) -> None:
    """Computes forever once it claims a run."""
    with patch.object(training.Training, "_prepare", compute_for_ever):
        Worker(settings, "stuck").work()


if __name__ == "__main__":
    with patch.object(training.Training, "_prepare", compute_for_ever):
        sys.argv[1:] = sys.argv[3:]
        main()

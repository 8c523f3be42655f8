"""A worker process whose computation never asks whether to stop: python -m tests.acceptance.stuck_worker SETTINGS"""

import sys
import time
from typing import Any
from unittest.mock import patch

from service.core.settings import Settings
from service.worker import training
from service.worker.process import Worker


def compute_for_ever(*_: Any) -> Any:
    """In place of the preparation."""
    time.sleep(3600)


if __name__ == "__main__":
    with patch.object(training, "prepare", compute_for_ever):
        Worker(Settings.model_validate_json(sys.argv[1]), "stuck").work()

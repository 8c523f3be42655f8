"""Tests. Their processes have one BLAS thread, as those of the service: BLAS threads that wait keep the cores busy."""

import os

from service.core.process_limits import ONE_THREAD

os.environ.update(ONE_THREAD | os.environ)  # before numpy is imported

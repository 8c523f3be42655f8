"""The tests. BLAS has one thread, as in the workers: threads of several test processes would wait for one another."""

import os

from service.core.process_limits import ONE_THREAD

os.environ.update(ONE_THREAD | os.environ)  # before numpy is imported

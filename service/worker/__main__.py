"""Starts a worker process: `python -m service.worker NAME`."""

from service.core.process_limits import uncollected

with uncollected():
    from service.worker.process import main

main()

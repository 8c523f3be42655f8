"""Processes that are forked from one that has imported the program once: the imports are most of their time."""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["service.cli.main", "service.server.run", "service.worker.process", "httpx2"])

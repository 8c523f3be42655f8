"""The log, the signals and the announcement that `descent serve` and `descent worker` share."""

import logging
import signal
import sys
from collections.abc import Callable

from service.core.settings import Settings


def on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())


def configure_log() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("alembic", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)


def shown_workers(settings: Settings) -> str:
    return f"{settings.workers} worker{'' if settings.workers == 1 else 's'}"


def shown_database(settings: Settings) -> str:
    return str(settings.database_file.resolve() if settings.database_file else settings.database_url)

"""The log, the signals and the announcement that `descent serve` and `descent worker` share."""

import logging
import signal
import sys
from collections.abc import Callable

from service.core.request_id import REQUEST_ID
from service.core.settings import Settings


def on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())


def configure_log() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_add_request)
    line = "%(asctime)s %(levelname)s %(message)s%(request)s"
    logging.basicConfig(level=logging.INFO, handlers=[handler], format=line)
    for name in ("alembic", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_request(record: logging.LogRecord) -> bool:
    """Adds the id of the request, if the record is of one."""
    request_id = REQUEST_ID.get()
    record.request = "" if request_id is None else f" request={request_id}"
    return True


def shown_workers(settings: Settings) -> str:
    return f"{settings.workers} worker{'' if settings.workers == 1 else 's'}"


def shown_database(settings: Settings) -> str:
    return str(settings.database_file.resolve())

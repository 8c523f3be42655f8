"""The parts that the requests of an application share, by type: `state_of(request)`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, cast

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from service.analysis.analysis_pool import AnalysisPool
from service.api.authentication import Authenticator
from service.api.body_reader import BodyReader
from service.api.long_tasks import LongTasks
from service.api.readers import Readers
from service.api.request_times import RequestTimes
from service.api.run_changes import RunChanges
from service.api.short_writes import ShortWrites
from service.core.concurrency_limit import ConcurrencyLimit
from service.core.settings import Settings
from service.jobs.quotas import Quotas
from service.storage.database import Database
from service.storage.queue_position import QueueSnapshots


def _no_use(_user: str) -> Mapping[str, int]:
    return {}


@dataclass
class AppState:
    """The state of an application. `server.run` replaces the last three."""

    settings: Settings
    database: Database
    authenticator: Authenticator
    quotas: Quotas
    queue_snapshots: QueueSnapshots
    body_reader: BodyReader
    streams: ConcurrencyLimit
    long_tasks: LongTasks
    short_writes: ShortWrites
    readers: Readers
    followers: ConcurrencyLimit
    run_changes: RunChanges
    waits: ConcurrencyLimit
    analyses: AnalysisPool
    request_times: RequestTimes
    is_stopping: Callable[[], bool] = lambda: False
    use_of_connections: Callable[[str], Mapping[str, int]] = _no_use
    workers_fault: Callable[[], str | None] = lambda: None

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Self:
        """The state at the start."""

        def limit(most: int, what: str) -> ConcurrencyLimit:
            return ConcurrencyLimit(most, what, keys=settings.requires_keys)

        return cls(
            settings=settings,
            database=database,
            authenticator=Authenticator(settings, database),
            quotas=Quotas(settings),
            queue_snapshots=QueueSnapshots(database, settings),
            body_reader=BodyReader(settings),
            streams=limit(settings.max_streams, "trajectories and datasets being sent"),
            long_tasks=LongTasks(limit(settings.max_streams, "sweeps that wait")),
            # Each waiting write has a connection, so a share of the connections leaves some to other users.
            short_writes=ShortWrites(limit(settings.max_connections, "short writes that wait")),
            readers=Readers(limit(settings.max_lists, "lists being read")),
            followers=limit(settings.max_followers, "followed runs"),
            run_changes=RunChanges(database),
            waits=limit(settings.max_waits, "waiting requests"),
            analyses=AnalysisPool(settings, limit(settings.max_inquiries, "running analyses")),
            request_times=RequestTimes(),
        )

    def close(self) -> None:
        """Ends the processes of the application."""
        self.analyses.close()
        self.body_reader.close()


def state_of(request: HTTPConnection) -> AppState:
    """The state of the application that a request came to."""
    return state_of_app(request.app)


def state_of_app(app: FastAPI) -> AppState:
    """The state of an application."""
    return cast("AppState", app.state.descent)

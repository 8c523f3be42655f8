"""Settings: a name, a default and a help text each, read from DESCENT_* once and passed in."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.core.loopback import is_loopback

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Settings(BaseSettings):
    """The settings of the service. `make docs` writes docs/settings.md from this table."""

    model_config = SettingsConfigDict(
        env_prefix="DESCENT_", env_ignore_empty=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    database_url: str = Field(
        "sqlite:///data/descent.db", description="The database: the SQLite file of runs and datasets."
    )
    host: str = Field("127.0.0.1", description="The address on which the service listens.")
    port: int = Field(8000, ge=0, le=65535, description="The port on which the service listens; 0 takes a free port.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=0,
        le=256,
        description="The number of worker processes; the default is one a core.",
    )
    inquiry_processes: int = Field(
        2,
        ge=1,
        le=64,
        description="The number of processes that compute landscapes, steps, predictions and checks; one user has all "
        "but one of them.",
    )

    keys: Literal["auto", "required", "off"] = Field(
        "auto",
        description="Whether requests need an API key: required, off, or auto (required unless the host is loopback).",
    )
    requests_per_minute: int = Field(1200, ge=1, description="The limit of requests of one API key in a minute.")
    allowed_hosts: str = Field(
        "", description="Host names to which the service answers, separated by commas; empty: see docs/security.md."
    )
    cors_origins: str = Field(
        "", description="Origins whose pages may use the API (CORS), separated by commas; empty: none."
    )
    frame_ancestors: str = Field(
        "",
        description="Origins whose pages may embed the page and the pictures, separated by commas; empty: none.",
    )

    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$",
        description="The prefix below which a proxy serves the service, such as /descent; empty: none.",
    )

    heartbeat_seconds: float = Field(5.0, gt=0, description="The time between two heartbeats of a worker.")
    lease_seconds: float = Field(15.0, gt=0, description="The lease duration without a heartbeat.")
    poll_seconds: float = Field(0.025, gt=0, description="The time between two reads of the database's commit counter.")
    block_seconds: float = Field(0.4, gt=0, description="The time after which a worker stores the computed steps.")
    drain_seconds: float = Field(
        10.0,
        gt=0,
        description="The time in which, after SIGTERM, a request in progress must arrive, and then a worker must store "
        "its block.",
    )
    max_losses: int = Field(3, ge=1, description="The number of lost workers after which a run fails.")
    keep_days: float | None = Field(
        None, gt=0, description="The number of days after which a finished run is deleted; empty: never."
    )
    keep_notice_seconds: float = Field(
        3600.0, ge=0, description="The time between the announcement of such a deletion in the log and the deletion."
    )

    max_body_bytes: int = Field(16 * MIB, gt=0, description="The maximum size of a JSON body.")
    max_upload_bytes: int = Field(256 * MIB, gt=0, description="The maximum size of an uploaded dataset file.")
    max_header_bytes: int = Field(
        32 * KIB, ge=1024, description="The maximum size of the address and the headers of a request."
    )
    max_address_bytes: int = Field(
        8 * KIB, ge=1024, description="The maximum size of the address of a request, with its query parameters."
    )
    max_rows: int = Field(1_000_000, ge=2, description="The maximum number of rows of a dataset.")
    max_features: int = Field(1_000, ge=1, description="The maximum number of features of a dataset.")
    max_steps: int = Field(10_000_000, ge=1, description="The maximum number of steps of a run.")
    max_parameters: int = Field(10_000, ge=1, description="The maximum number of parameters of a model.")
    max_trajectory_bytes: int = Field(2 * GIB, ge=1, description="The maximum size of a trajectory.")
    max_sweep: int = Field(500, ge=1, description="The maximum number of runs of a sweep.")
    max_formula: int = Field(1_000, ge=1, le=1_000, description="The maximum number of characters of a formula.")
    max_page: int = Field(200, ge=1, description="The maximum number of entries on one page of a list.")
    max_page_bytes: int = Field(4 * MIB, ge=1, description="The size after which a page of a list ends.")
    max_row_page: int = Field(10_000, ge=1, description="The maximum number of rows on one page of a dataset.")
    max_row_cells: int = Field(1_000_000, ge=1, description="The maximum number of values on one page of a dataset.")
    max_queued_runs: int = Field(10_000, ge=1, description="The maximum number of unfinished runs of one API key.")
    max_stored_runs: int = Field(100_000, ge=1, description="The maximum number of stored runs of one API key.")
    max_stored_datasets: int = Field(
        10_000, ge=1, description="The maximum number of uploaded datasets of one API key."
    )
    max_stored_bytes: int = Field(
        16 * GIB,
        ge=1,
        description="The maximum size of the runs and datasets of one API key; an unfinished run counts with all its "
        "steps.",
    )
    max_connections: int = Field(1_000, ge=1, description="The maximum number of open connections.")
    max_streams: int = Field(
        64,
        ge=1,
        description="The maximum number of trajectories and rows of datasets in transfer, and of large bodies; for one "
        "API key, a quarter.",
    )
    max_lists: int = Field(128, ge=1, description="The maximum number of lists being read; for one API key, a quarter.")
    max_followers: int = Field(
        256, ge=1, description="The maximum number of open `/events` streams; for one API key, a quarter."
    )
    max_unsent_bytes: int = Field(
        256 * MIB, ge=32 * MIB, description="The maximum size of all answers that wait for slow readers."
    )
    max_waits: int = Field(
        100,
        ge=0,
        description="The maximum number of requests that wait by `Prefer: wait`; for one API key, a quarter.",
    )
    max_request_seconds: float = Field(
        30.0, gt=0, description="The time in which a client must send a request, or read the next part of an answer."
    )
    max_run_seconds: float = Field(86_400.0, gt=0, description="The maximum computing time of a run.")
    worker_memory_bytes: int = Field(6 * GIB, ge=256 * MIB, description="The maximum memory of a worker process.")
    max_inquiries: int = Field(
        64,
        ge=1,
        description="The maximum number of pending landscapes, steps, predictions and checks; for one key, a quarter.",
    )
    max_inquiry_seconds: float = Field(
        20.0, gt=0, description="The maximum computing time of a landscape, step, prediction or check."
    )
    max_wait_seconds: float = Field(60.0, ge=0, description="The maximum time of `Prefer: wait`.")
    busy_seconds: float = Field(
        30.0, gt=0, description="The maximum time for which a transaction waits for the write lock of the database."
    )

    @field_validator("database_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - half of the time of --help and `descent fit`
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # the latter for a port that is no number
            is_path = url and "//" not in url
            path = Path(url if is_path else "descent.db").absolute()
            raise ValueError(f"Write the URL of the file: sqlite:///{path}") from None
        name = parsed.database or ":memory:"
        is_file = name != ":memory:" and not name.startswith("file:") and Path(name).name
        if parsed.get_backend_name() != "sqlite" or not is_file or not url.partition(":")[2].startswith("///"):
            raise ValueError(f"The database is an SQLite file. Write sqlite:///{Path('descent.db').absolute()}")
        if parsed.drivername != "sqlite" or parsed.query:
            raise ValueError(f"Write the URL without a driver and parameters: sqlite:///{Path(name).absolute()}")
        return url

    @property
    def requires_keys(self) -> bool:
        """Whether requests need a key: by the setting, or by default if the host is not loopback."""
        return self.keys == "required" or (self.keys == "auto" and not is_loopback(self.host))

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        from sqlalchemy.engine import make_url  # noqa: PLC0415

        return Path(make_url(self.database_url).database or "")

"""Settings: a name, a default and a help text each, read from DESCENT_* once and passed in."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Settings(BaseSettings):
    """Every number that someone running the service may want to change."""

    model_config = SettingsConfigDict(env_prefix="DESCENT_", extra="forbid", frozen=True)

    database_url: str = Field("sqlite:///data/descent.db", description="Where runs and data are kept.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=0,
        le=256,
        description="Worker processes; by default one a core.",
    )
    inquiry_processes: int = Field(
        1, ge=1, le=64, description="Processes for landscapes, steps, predictions and checks, while they are asked for."
    )

    keys: Literal["auto", "required", "off"] = Field(
        "auto", description="Whether requests need an API key; auto: unless the service listens on loopback alone."
    )
    requests_per_minute: int = Field(1200, ge=1, description="The most requests of an API key in a minute.")
    allowed_hosts: str = Field(
        "", description="Names, with commas between, by which the service may be called; empty: see docs/security.md."
    )
    cors_origins: str = Field("", description="Origins, with commas between, whose pages may use the API; empty: none.")

    heartbeat_seconds: float = Field(5.0, gt=0, description="How often a worker says that it is alive.")
    lease_seconds: float = Field(15.0, gt=0, description="How long a silent worker keeps its run.")
    poll_seconds: float = Field(0.025, gt=0, description="How often a process looks whether the database has changed.")
    block_seconds: float = Field(0.4, gt=0, description="The longest that computed steps wait to be stored.")
    drain_seconds: float = Field(10.0, gt=0, description="How long a stopping worker may take to store its block.")
    max_losses: int = Field(3, ge=1, description="How many workers may die of a run before it is given up.")
    keep_days: float | None = Field(None, gt=0, description="Runs are deleted so long after their end; empty: never.")

    max_body_bytes: int = Field(16 * MIB, gt=0, description="The largest JSON body.")
    max_upload_bytes: int = Field(256 * MIB, gt=0, description="The largest file of a dataset.")
    max_header_bytes: int = Field(64 * KIB, ge=1024, description="The longest address and headers of a request.")
    max_rows: int = Field(1_000_000, ge=2, description="The most rows of a dataset.")
    max_features: int = Field(1_000, ge=1, description="The most features of a dataset.")
    max_steps: int = Field(10_000_000, ge=1, description="The most steps of a run.")
    max_parameters: int = Field(10_000, ge=1, description="The most parameters of a model.")
    max_trajectory_bytes: int = Field(2 * GIB, ge=1, description="The largest trajectory.")
    max_sweep: int = Field(500, ge=1, description="The most runs of a sweep.")
    max_formula: int = Field(1_000, ge=1, le=1_000, description="The most characters of a formula.")
    max_page: int = Field(200, ge=1, description="The most entries of one page of a list.")
    max_page_bytes: int = Field(4 * MIB, ge=1, description="The size at which a page of a list ends early.")
    max_row_page: int = Field(10_000, ge=1, description="The most rows of one page of a dataset.")
    max_row_cells: int = Field(1_000_000, ge=1, description="The most numbers of one page of a dataset.")
    max_queued_runs: int = Field(10_000, ge=1, description="The most unfinished runs of an API key.")
    max_stored_runs: int = Field(100_000, ge=1, description="The most runs that are kept of an API key.")
    max_stored_datasets: int = Field(10_000, ge=1, description="The most uploaded datasets of an API key.")
    max_connections: int = Field(1_000, ge=1, description="The most connections at once.")
    max_streams: int = Field(
        64,
        ge=1,
        description="The most trajectories that are sent at once, and the most large bodies that come in; to one API "
        "key, a quarter.",
    )
    max_followers: int = Field(
        256, ge=1, description="The most runs that are followed live at once, by `/events`; by one API key, a quarter."
    )
    max_unsent_bytes: int = Field(
        256 * MIB, ge=32 * MIB, description="The most bytes of answers that wait for their readers."
    )
    max_waits: int = Field(
        100, ge=0, description="The most requests whose `Prefer: wait` is honoured at once; of one API key, a quarter."
    )
    max_request_seconds: float = Field(
        30.0, gt=0, description="How long a client may take to send a request, or to read the next part of an answer."
    )
    max_run_seconds: float = Field(86_400.0, gt=0, description="The longest that a run may compute.")
    worker_memory_bytes: int = Field(6 * GIB, ge=256 * MIB, description="The most memory of a worker process.")
    max_inquiries: int = Field(
        64,
        ge=1,
        description="The most landscapes, steps, predictions and checks that are asked for at once; by one API key, a "
        "quarter.",
    )
    max_inquiry_seconds: float = Field(20.0, gt=0, description="The longest that one of them may compute.")
    max_wait_seconds: float = Field(60.0, ge=0, description="The longest that `Prefer: wait` is honoured.")
    busy_seconds: float = Field(30.0, gt=0, description="How long a transaction waits for the database's write lock.")

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, where the database is one."""
        url = make_url(self.database_url)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

"""The tables. Times are seconds since 1970 in UTC, JSON columns hold what clients see, numbers are float64 bytes."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from service.core.run_status import WORKABLE, RunStatus

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Key = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is a row number to SQLite

datasets = Table(
    "datasets",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("sha256", String, nullable=False),
    Column("name", String),
    Column("rows", Integer, nullable=False),
    Column("features", JSON, nullable=False),
    Column("target", String, nullable=False),
    # The target's classes in the order of their codes; text_target says that y holds the codes and not the numbers.
    Column("labels", JSON),
    Column("text_target", Boolean, nullable=False),
    Column("summary", JSON, nullable=False),
    # Uploaded by itself, so that it outlives the runs that use it.
    Column("uploaded", Boolean, nullable=False),
    # The API key that it belongs to; null where keys were not asked for.
    Column("owner", String),
    Column("created_at", Double, nullable=False),
    sqlite_autoincrement=True,
)

dataset_chunks = Table(
    "dataset_chunks",
    metadata,
    Column("dataset_seq", ForeignKey("datasets.seq", ondelete="CASCADE"), primary_key=True),
    Column("first_row", _Key, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    # Row-major, the features and then the target.
    Column("data", LargeBinary, nullable=False),
    Column("checksum", BigInteger, nullable=False),
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("owner", String),
    Column("name", String),
    # What its members differ in, JSON pointers into their requests, and the criterion that ranks them.
    Column("varied", JSON, nullable=False),
    Column("rank_by", String, nullable=False),
    Column("idempotency_key", String, unique=True),
    Column("request_digest", String, nullable=False),
    Column("created_at", Double, nullable=False),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("dataset_seq", ForeignKey("datasets.seq"), nullable=False, index=True),
    Column("owner", String),
    Column("status", String, nullable=False),
    Column("stop_reason", String),
    Column("name", String),
    Column("tags", JSON, nullable=False),
    Column("request", JSON, nullable=False),
    # As `runs.scoped_key` makes it of the client's: two owners may use the same one.
    Column("idempotency_key", String, unique=True),
    Column("request_digest", String, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("classes", JSON),
    # The trajectory's columns after θ, in the order of its chunks.
    Column("columns", JSON, nullable=False),
    Column("train_rows", Integer, nullable=False),
    Column("validation_rows", Integer, nullable=False, server_default="0"),
    Column("test_rows", Integer, nullable=False),
    Column("learning_rate", Double),
    Column("steps_total", Integer, nullable=False),
    # The rows of the trajectory so far; the last one is step rows_done - 1.
    Column("rows_done", Integer, nullable=False),
    Column("final", JSON),
    Column("best", JSON),
    # θ* and E(θ*) where E is quadratic in θ.
    Column("optimum", JSON),
    Column("diverged_at", Integer),
    Column("diagnosis", JSON, nullable=False, server_default="[]"),
    Column("error", JSON),
    # The run and the step that a fork began at: {"run_id", "step"}.
    Column("forked_from", JSON),
    # The sweep that the run is a member of, and what varies in it: {"id", "values"}.
    Column("sweep_seq", _Key),
    Column("sweep", JSON),
    # A run that only recomputes another one, compares, and is not shown: the other's seq.
    Column("verifies", _Key),
    # A deleted run whose chunks are not all deleted yet, which is not shown.
    Column("deleted_at", Double),
    # What came of recomputing this run.
    Column("verification", JSON),
    # SHA-256 of the rows so far, one step after the other: θ and the columns as float64.
    Column("trajectory_sha256", String),
    Column("timings", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    # The lease: who holds the run until when. The token grows with each claim, and every write must carry it.
    Column("lease_owner", String),
    Column("lease_token", Integer, nullable=False),
    Column("lease_expires_at", Double),
    # Workers that died of the run, one after the other.
    Column("losses", Integer, nullable=False),
    # The state of the step after the last stored one: θ, the optimiser's memory, and what stopping must remember.
    Column("checkpoint", LargeBinary),
    sqlite_autoincrement=True,
)
# The few runs that workers ask for many times a second, and the many that are finished, each with an index of its own:
# over all of them SQLite would rather sort the waiting ones than walk them in order. It uses such an index only for a
# query that has these very words, without bound parameters.
_workable = f"({', '.join(repr(status.value) for status in RunStatus if status in WORKABLE)})"
IS_WORKABLE, IS_AT_REST = text(f"runs.status IN {_workable}"), text(f"runs.status NOT IN {_workable}")
for _name, _columns, _where in (
    ("ix_runs_live", (runs.c.seq,), text(f"status IN {_workable}")),
    ("ix_runs_finished", (runs.c.status, runs.c.seq), text(f"status NOT IN {_workable}")),
):
    Index(_name, *_columns, sqlite_where=_where, postgresql_where=_where)
# Most runs lack the first four, and those that wait the fifth: they are not in these.
for _name, _columns, _where in (
    ("ix_runs_owner", (runs.c.owner, runs.c.seq), text("owner IS NOT NULL")),
    ("ix_runs_sweep", (runs.c.sweep_seq, runs.c.seq), text("sweep_seq IS NOT NULL")),
    ("ix_runs_verifies", (runs.c.verifies,), text("verifies IS NOT NULL")),
    ("ix_runs_deleted_at", (runs.c.deleted_at,), text("deleted_at IS NOT NULL")),
    ("ix_runs_finished_at", (runs.c.finished_at,), text("finished_at IS NOT NULL")),
):
    Index(_name, *_columns, sqlite_where=_where, postgresql_where=_where)

run_tags = Table(
    "run_tags",
    metadata,
    Column("run_seq", ForeignKey("runs.seq", ondelete="CASCADE"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
    Index("ix_run_tags_key_value", "key", "value"),
)

trajectory_chunks = Table(
    "trajectory_chunks",
    metadata,
    Column("run_seq", ForeignKey("runs.seq", ondelete="CASCADE"), primary_key=True),
    Column("first_step", _Key, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    # One column after the other: θ's components, then the run's columns.
    Column("data", LargeBinary, nullable=False),
    Column("checksum", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    # Of the secret, which is kept nowhere.
    Column("sha256", String, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
)

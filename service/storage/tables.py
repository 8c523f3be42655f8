"""Table definitions. Times are UTC seconds since 1970, JSON columns client-visible values, bulk data float64 bytes."""

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
    UniqueConstraint,
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
_Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite maps only INTEGER keys to its row number

datasets = Table(
    "datasets",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("sha256", String, nullable=False),
    Column("name", String),
    Column("rows", Integer, nullable=False),
    # The features and the target of a run that chooses none.
    Column("features", JSON, nullable=False),
    Column("target", String, nullable=False),
    # The target's classes in the order of their codes. With text_target, its column holds the codes instead of numbers.
    Column("labels", JSON),
    Column("text_target", Boolean, nullable=False),
    # The columns of a stored row in their order, with statistics.
    Column("columns", JSON, nullable=False, server_default="[]"),
    # What the reader did or left out.
    Column("report", JSON, nullable=False, server_default="[]"),
    # Uploaded separately. An uploaded dataset outlives its runs, an inline dataset does not.
    Column("uploaded", Boolean, nullable=False),
    # Id of the owner's API key; null without API keys.
    Column("owner", String),
    # Size of the rows and of this description.
    Column("stored_bytes", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    # CRC-32 of the row; see `sqlite.row_checksums`.
    Column("checksum", BigInteger),
    Index("ix_datasets_stored_bytes", "owner", "stored_bytes"),
    sqlite_autoincrement=True,
)

# The uploads, among many more datasets of runs: the newest of all, and the newest of an owner.
for _name, _columns in (("uploaded", (datasets.c.seq,)), ("owner", (datasets.c.owner, datasets.c.seq))):
    _where = text("uploaded = 1")
    Index(f"ix_datasets_{_name}", *_columns, sqlite_where=_where)

dataset_chunks = Table(
    "dataset_chunks",
    metadata,
    Column("dataset_seq", ForeignKey("datasets.seq", ondelete="CASCADE"), primary_key=True),
    Column("first_row", _Key, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    # Row-major: the columns of the dataset.
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
    # JSON pointers to the varied fields of the members' requests, and the ranking criterion.
    Column("varied", JSON, nullable=False),
    Column("rank_by", String, nullable=False),
    Column("former_key", String),
    # Unique for each owner, and among the sweeps without an owner.
    Column("idempotency_key", String),
    Column("request_digest", String, nullable=False),
    Column("created_at", Double, nullable=False),
    # CRC-32 of the row; see `sqlite.row_checksums`.
    Column("checksum", BigInteger),
    UniqueConstraint("former_key", name="uq_sweeps_idempotency_key"),
    Index("ix_sweeps_owner", "owner", "seq"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    # Null in a run of a function without data.
    Column("dataset_seq", ForeignKey("datasets.seq"), index=True),
    Column("owner", String),
    Column("status", String, nullable=False),
    Column("stop_reason", String),
    Column("name", String),
    Column("tags", JSON, nullable=False),
    Column("request", JSON, nullable=False),
    # Always null: earlier versions had owner and key in it, and SQLite drops no unique column (migration 0007).
    Column("former_key", String),
    # Unique for each owner, and among the runs without an owner.
    Column("idempotency_key", String),
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
    # Number of stored trajectory rows. The last row is step rows_done - 1.
    Column("rows_done", Integer, nullable=False),
    # Size of a step; size of the run: with all requested steps until its end, then with its stored steps.
    Column("step_bytes", BigInteger, nullable=False, server_default="0"),
    Column("stored_bytes", BigInteger, nullable=False, server_default="0"),
    Column("final", JSON),
    Column("best", JSON),
    # θ* and E(θ*) where E is quadratic in θ.
    Column("optimum", JSON),
    Column("diverged_at", Integer),
    Column("diagnosis", JSON, nullable=False, server_default="[]"),
    # How the descent ended, beside its reference minimum. Written after the last step, so null at first, or for good.
    Column("convergence", JSON),
    Column("error", JSON),
    # Parent run and first step of a fork: {"run_id", "step"}.
    Column("forked_from", JSON),
    # Sweep of the run and the run's varied values: {"id", "values"}.
    Column("sweep_seq", _Key),
    Column("sweep", JSON),
    # Seq of the verified run. Only a verification has one, and a verification is hidden.
    Column("verifies", _Key),
    # Deletion time of a hidden run until its chunks are purged.
    Column("deleted_at", Double),
    # Result of the verification of this run.
    Column("verification", JSON),
    # SHA-256 of the stored rows in step order: θ and the columns as float64.
    Column("trajectory_sha256", String),
    Column("timings", JSON, nullable=False),
    # The platforms that computed the run, each from a step on; null for runs of earlier versions, and before a step.
    Column("environments", JSON),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    # Lease: worker name, fencing token, expiry by the monotonic clock of the machine. Each claim increments the token,
    # and every write carries it.
    Column("lease_owner", String),
    Column("lease_token", Integer, nullable=False),
    Column("lease_expires_at", Double),
    # Number of consecutive workers that died while computing the run.
    Column("losses", Integer, nullable=False),
    # State of the step after the last stored step: θ, the optimiser's state, the state of early stopping.
    Column("checkpoint", LargeBinary),
    Column("checkpoint_checksum", BigInteger),
    # CRC-32 of the row; see `sqlite.row_checksums`.
    Column("checksum", BigInteger),
    UniqueConstraint("former_key", name="uq_runs_idempotency_key"),
    Index("ix_runs_stored_bytes", "owner", "stored_bytes"),
    sqlite_autoincrement=True,
)
for _table in (runs, sweeps):
    for _name, _key_of, _condition in (
        ("owned_key", (_table.c.owner, _table.c.idempotency_key), "owner IS NOT NULL AND idempotency_key IS NOT NULL"),
        ("bare_key", (_table.c.idempotency_key,), "owner IS NULL AND idempotency_key IS NOT NULL"),
    ):
        _where = text(_condition)
        Index(f"uq_{_table.name}_{_name}", *_key_of, unique=True, sqlite_where=_where)
# Partial indexes: the few workable runs, which workers query many times a second, in the order of lists and in that of
# claims, and the many other runs. With one index over all runs SQLite sorts the workable runs instead of reading them
# in order. SQLite uses a partial index only for a query with the literal condition, without bound parameters.
_workable = f"({', '.join(repr(status.value) for status in RunStatus if status in WORKABLE)})"
IS_WORKABLE, IS_AT_REST = text(f"runs.status IN {_workable}"), text(f"runs.status NOT IN {_workable}")
for _name, _names, _where in (
    ("ix_runs_live", ("seq",), text(f"status IN {_workable}")),
    ("ix_runs_waiting", ("owner", "status", "seq"), text(f"status IN {_workable}")),
    ("ix_runs_finished", ("status", "seq"), text(f"status NOT IN {_workable}")),
    # Sparse columns: null in most runs, finished_at in the unfinished runs. Partial indexes leave out these runs.
    ("ix_runs_owner", ("owner", "seq"), text("owner IS NOT NULL")),
    ("ix_runs_sweep", ("sweep_seq", "seq"), text("sweep_seq IS NOT NULL")),
    ("ix_runs_verifies", ("verifies",), text("verifies IS NOT NULL")),
    ("ix_runs_deleted_at", ("deleted_at",), text("deleted_at IS NOT NULL")),
    ("ix_runs_finished_at", ("finished_at",), text("finished_at IS NOT NULL")),
):
    Index(_name, *(runs.c[name] for name in _names), sqlite_where=_where)

unwritten_bytes = Table(
    "unwritten_bytes",
    metadata,
    # Always one row.
    Column("id", Integer, primary_key=True),
    # Size of all unfinished runs less their stored steps. See `unwritten_bytes`.
    Column("bytes", BigInteger, nullable=False),
)

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
    # Column-major: θ's components, then the run's columns.
    Column("data", LargeBinary, nullable=False),
    Column("checksum", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    # SHA-256 of the secret. The secret is not stored.
    Column("sha256", String, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    # Id of the key whose runs and datasets a key of scope read sees, or "all"; null for its own.
    Column("sees", String),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    # Share of the workers relative to the other keys, and the maximum number of its runs in workers; null: no maximum.
    Column("weight", Double, nullable=False, server_default="1"),
    Column("max_running", Integer),
    # CRC-32 of the row; see `sqlite.row_checksums`.
    Column("checksum", BigInteger),
)

computing_times = Table(
    "computing_times",
    metadata,
    # Id of an API key; empty for runs without an owner.
    Column("owner", String, primary_key=True),
    # Recent computing time of the owner's runs, in seconds, at the time `charged_at`; see `fair_shares`.
    Column("seconds", Double, nullable=False),
    Column("charged_at", Double, nullable=False),
)

deletion_by_age = Table(
    "deletion_by_age",
    metadata,
    # One row, with the id 1, while the service deletes by age.
    Column("id", Integer, primary_key=True),
    # The last recorded reading of the wall clock, and of the clock that counts from the start of the machine.
    Column("wall", Double, nullable=False),
    Column("steady", Double, nullable=False),
    # The recent leaps of the wall clock: their times by its present setting, and their lengths in seconds.
    Column("leaps", JSON, nullable=False),
    # The notice: the runs that ended before `ended_before` are deleted, announced at the time `announced_at`.
    Column("ended_before", Double),
    Column("announced_at", Double),
)

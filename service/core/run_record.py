"""A run as the database holds it. A record never changes: a later state of the run is another record."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Self

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from service.core.platforms import Environment, PlatformChange
from service.core.run_request import DatasetReference, StoredRequest
from service.core.run_status import FINISHED, RunStatus

Number = float | None
"""A number of a JSON column: None stands for one that is not finite."""
Classes = list[str] | list[int] | None
SENT = with_config(ConfigDict(extra="forbid"))
"""Marks a type that the database holds in the form in which the API sends it: it has no further fields."""


@SENT
class Criteria(TypedDict):
    """A step with its θ, loss and metrics. A metric that does not apply to the run is null."""

    step: int
    theta: list[Number]
    coefficients: Annotated[
        dict[str, Number], Field(description="θ by name in the units of the data, also for standardised features.")
    ]
    train_loss: Number
    train_mse: Number
    validation_mse: NotRequired[Number]
    test_mse: Number
    train_accuracy: NotRequired[Number]
    validation_accuracy: NotRequired[Number]
    test_accuracy: NotRequired[Number]
    train_precision: NotRequired[Number]
    validation_precision: NotRequired[Number]
    test_precision: NotRequired[Number]
    train_recall: NotRequired[Number]
    validation_recall: NotRequired[Number]
    test_recall: NotRequired[Number]
    train_f1: NotRequired[Number]
    validation_f1: NotRequired[Number]
    test_f1: NotRequired[Number]


@SENT
class Optimum(TypedDict):
    """The minimum of E(θ), in closed form."""

    theta: list[Number]
    coefficients: dict[str, Number]
    train_loss: Number


@SENT
class Promise(TypedDict):
    """What a change gave in a trial, which the changed run gives again."""

    criterion: Annotated[
        str,
        Field(
            description="The column that the change makes lower: train_loss (train_mse if the change scales the "
            "target), or validation_mse for a finding of the prediction error. Never a column of the test rows."
        ),
    ]
    before: Annotated[
        Number, Field(description="Its value at the last step of this run; null if it is not finite or not there.")
    ]
    after: Annotated[Number, Field(description="Its value at step `steps` of the changed run.")]
    steps: Annotated[
        int, Field(description="The steps of the trial: fewer than the changed run has if the time for it was over.")
    ]


@SENT
class Finding(TypedDict):
    """A problem found in a finished run: the numbers that show it, and a change that was tried."""

    code: str
    evidence: dict[str, object]
    sentence: str
    change: Annotated[
        dict[str, object] | None,
        Field(
            description="A merge patch (RFC 7396) of the request that the service accepts and that made the criterion "
            "of its promise better in a trial; null if no such change is known, and until the run is judged: while its "
            "`convergence` is null."
        ),
    ]
    promise: Annotated[Promise | None, Field(description="What the trial gave; null where `change` is null.")]


class ReferenceMinimum(TypedDict):
    """The least E that the descent could reach. An infimum that no θ attains has none."""

    train_loss: Number
    theta: list[Number] | None
    method: str


class Convergence(TypedDict):
    """How a descent ended. `clauses` and `values` are the codes and the numbers of its sentence."""

    state: str
    clauses: list[str]
    values: dict[str, Number]
    loss: Number
    reference: ReferenceMinimum | None
    relative_gap: Number


@SENT
class Best(TypedDict):
    """The step with the least test MSE."""

    step: int
    theta: list[Number]
    test_mse: Number


@SENT
class ForkedFrom(TypedDict):
    """The run and the step at which a fork began."""

    run_id: str
    step: int


@SENT
class SweepOfRun(TypedDict):
    """The sweep of a run, and the values that the sweep gives it, by JSON pointer."""

    id: str
    values: dict[str, object]


@SENT
class Difference(TypedDict):
    """A recomputed number that differs from the stored one."""

    column: str
    stored: Number
    recomputed: Number


class RunError(TypedDict):
    """The reason for which a run failed."""

    code: str
    message: str


class Comparison(TypedDict):
    """The comparison of a run with its recomputation: the first step that differs, or how many do not.

    `agrees` says that no number differs by more than `tolerance`, which is 0 for runs of the same platform.
    """

    identical: bool | None
    agrees: NotRequired[bool]
    tolerance: NotRequired[float]
    step: NotRequired[int | None]
    steps: NotRequired[int]
    differences: NotRequired[list[Difference]]
    platform_changes: NotRequired[list[PlatformChange]]


class Verification(Comparison):
    """The result of a verification: `identical` is None when it could not be found out, for the reason in `error`."""

    error: NotRequired[RunError | None]
    verified_at: float


_ALL: DatasetReference = {}
KindOfWork = Literal["preparation_seconds", "descent_seconds", "diagnosis_seconds", "judgement_seconds"]
KINDS_OF_WORK: tuple[KindOfWork, ...] = ("preparation_seconds", "descent_seconds", "diagnosis_seconds")
"""The work that a deadline counts: the judgement of a run begins after its end."""


class Timings(TypedDict, total=False):
    """Seconds by kind of work, and the shortcuts that the engine took.

    `interrupted_seconds` is work that was lost when the run had to yield within a block. It is no work on the run:
    neither a deadline nor the maximum run time counts it.
    """

    preparation_seconds: float
    descent_seconds: float
    diagnosis_seconds: float
    judgement_seconds: float
    interrupted_seconds: float
    ways: list[str]


class Run(NamedTuple):
    """A run with the facts of its dataset. The fields are those of the table, in the order of the SELECT. Features and
    target are those that the run uses.

    A run of a function has no dataset: `dataset_seq` and `dataset_id` are None, and the other facts are empty.

    The checkpoint, at times as large as θ, is for the worker that claims the run alone. The record is a tuple, since a
    page has 200 of them: a frozen dataclass takes six times as long to make.
    """

    status: RunStatus
    seq: int
    id: str
    dataset_seq: int | None
    owner: str | None
    stop_reason: str | None
    name: str | None
    tags: dict[str, str]
    request: StoredRequest
    request_digest: str
    parameters: list[str]
    classes: Classes
    columns: list[str]
    train_rows: int
    validation_rows: int
    test_rows: int
    learning_rate: float | None
    steps_total: int
    rows_done: int
    final: Criteria | None
    best: Best | None
    optimum: Optimum | None
    diverged_at: int | None
    diagnosis: list[Finding]
    convergence: Convergence | None
    error: RunError | None
    forked_from: ForkedFrom | None
    sweep_seq: int | None
    sweep: SweepOfRun | None
    verifies: int | None
    verification: Verification | None
    trajectory_sha256: str | None
    timings: Timings
    environments: list[Environment] | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    deleted_at: float | None
    lease_owner: str | None
    lease_token: int
    lease_expires_at: float | None
    losses: int
    dataset_id: str | None
    dataset_rows: int
    dataset_features: list[str]
    dataset_target: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order. Raises ValueError for a status that is none."""
        own, facts = row[1:-_FACTS], row[-_FACTS:]
        run = cls._make((RunStatus(row[0]), *own, *(_NO_DATASET if facts[0] is None else facts)))
        chosen = run.request.get("dataset", _ALL)
        if "features" not in chosen or "target" not in chosen:
            return run
        return run._replace(dataset_features=chosen["features"], dataset_target=chosen["target"])

    @property
    def width(self) -> int:
        """The number of float64 columns of a stored step: θ's components, then the run's columns."""
        return len(self.parameters) + len(self.columns)

    @property
    def trajectory_bytes(self) -> int:
        """The size of the stored steps in bytes."""
        return 8 * self.width * self.rows_done

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.status in FINISHED

    @property
    def last_step(self) -> int:
        """The last stored step; 0 where none is stored."""
        return max(self.rows_done - 1, 0)

    @property
    def best_step(self) -> int | None:
        """The step with the least test MSE, if one has any."""
        return None if self.best is None else self.best["step"]


_NO_DATASET: tuple[Any, ...] = (None, 0, [], "")
"""The facts of the dataset of a run without one: the last fields of `Run`, from `dataset_id` on."""
_FACTS = len(_NO_DATASET)


class RunColumns(TypedDict, total=False):
    """Columns of a run to write."""

    status: RunStatus
    id: str
    dataset_seq: int | None
    owner: str | None
    stop_reason: str | None
    name: str | None
    tags: dict[str, str]
    request: StoredRequest
    idempotency_key: str | None
    request_digest: str
    parameters: list[str]
    classes: Classes
    columns: list[str]
    train_rows: int
    validation_rows: int
    test_rows: int
    learning_rate: float | None
    steps_total: int
    rows_done: int
    final: Criteria | None
    best: Best | None
    optimum: Optimum | None
    diverged_at: int | None
    diagnosis: list[Finding]
    convergence: Convergence | None
    error: RunError | None
    forked_from: ForkedFrom | None
    sweep_seq: int | None
    sweep: SweepOfRun | None
    verifies: int | None
    verification: Verification | None
    trajectory_sha256: str | None
    timings: Timings
    environments: list[Environment] | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    deleted_at: float | None
    lease_owner: str | None
    lease_token: int
    lease_expires_at: float | None
    losses: int
    checkpoint: bytes | None
    checkpoint_checksum: int
    step_bytes: int
    stored_bytes: int

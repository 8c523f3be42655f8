"""Answers about runs."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.core.platforms import Environment, PlatformChange
from service.core.run_record import (
    Best,
    Criteria,
    Difference,
    Finding,
    ForkedFrom,
    Optimum,
    SweepOfRun,
)
from service.core.run_status import RunStatus
from service.schemas.responses.base import Answer, JsonObject, Number, OpenAnswer, Page, Time
from service.schemas.responses.functions import Function


class RunDataset(Answer):
    """The data of a run."""

    id: str
    rows: int
    train_rows: int
    validation_rows: int
    test_rows: int
    features: list[str]
    target: str


class Verification(Answer):
    """The result of recomputing a run."""

    identical: Annotated[
        bool | None,
        Field(
            description="Whether every recomputed number equals the stored one; null until the run has been recomputed."
        ),
    ]
    agrees: Annotated[
        bool | None,
        Field(
            description="Whether no number differs by more than `tolerance`: of the largest component of θ, or of a "
            "criterion, at the step or at step 0."
        ),
    ]
    tolerance: Annotated[
        float | None,
        Field(
            description="0 where the platform that computed the run also recomputed it, or is unknown; else 1e-12. The "
            "last bits depend on the versions, the BLAS and the processor."
        ),
    ]
    platform_changes: Annotated[
        list[PlatformChange], Field(description="The parts of the platform that were others when the run was computed.")
    ]
    step: Annotated[
        int | None, Field(description="The first step that differs by more than `tolerance`, else by any bit.")
    ]
    differences: Annotated[
        list[Difference],
        Field(description="The differing numbers of that step; empty if one trajectory ends before it."),
    ]
    error: Annotated[dict[str, str] | None, Field(description="The reason why the run could not be recomputed.")]
    verified_at: Time | None


StopReason = Literal["max_steps", "gradient_norm", "loss_change", "patience", "deadline", "diverged", "cancelled"]
Method = Literal[
    "closed_form",
    "least_squares",
    "newton",
    "proximal_newton",
    "l_bfgs",
    "linear_programming",
    "infimum",
    "known",
]
State = Literal["converged", "descending", "stalled", "oscillating", "rising", "diverged"]


class Reference(Answer):
    """The least E that the descent could reach."""

    train_loss: Annotated[Number, Field(description="E at the minimum, or the infimum of an E without one.")]
    theta: Annotated[
        list[Number] | None,
        Field(description="θ of the minimum; null for an infimum that no θ attains, as with separable classes."),
    ]
    method: Annotated[
        Method,
        Field(
            description="How the minimum was found; infimum: E has no minimum; known: a minimum of GET /functions, "
            "where the search found none."
        ),
    ]


class Convergence(Answer):
    """How the descent ended, beside the minimum that it was heading for."""

    state: Annotated[
        State,
        Field(
            description="converged: E − E* is within 1e-6 of what there was to fall, and the last half of the steps "
            "made it a hundredth (within 1 % of E* where E goes up and down on data); descending: E still "
            "falls noticeably; stalled: it does not; oscillating: E or θ goes to and fro; rising: E ended above its "
            "start; diverged."
        ),
    ]
    sentence: Annotated[
        str, Field(description="The same in words, with E of a constant prediction, in the language of the client.")
    ]
    loss: Annotated[Number, Field(description="E at the last step.")]
    reference: Annotated[
        Reference | None,
        Field(
            description="The minimum of E: in closed form where E is quadratic, else by a second-order method from the "
            "recorded step with the least E. null where none is known: at a saddle or on a plateau, or when its search "
            "would take too long beside the run."
        ),
    ]
    relative_gap: Annotated[
        Number, Field(description="(E − E*)/E* for the reference E*; null without one, and where E* is 0 or rounding.")
    ]


class Queue(Answer):
    """The place of a waiting run."""

    position: Annotated[int, Field(description="1 for the next run. Keys take turns by their recent computing time.")]
    starts_in_seconds: Annotated[
        Number,
        Field(
            description="An estimate by the pace of the runs in workers: until they end, or make way for another key. "
            "null where it is unknown: more runs are ahead than there are workers, a run in a worker has no step yet, "
            "or the key has its maximum number of runs in workers."
        ),
    ]


class ListedRun(Answer):
    """A run in a list: its request, status and results."""

    id: str
    name: str | None
    tags: dict[str, str]
    status: RunStatus
    stop_reason: Annotated[StopReason | None, Field(description="Why the descent ended; null while it has not.")]
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    request: Annotated[JsonObject, Field(description="The request with every default filled in.")]
    parameters: list[str]
    classes: Annotated[
        list[str] | list[int] | None,
        Field(description="The classes of a classification in the order of their codes; null for a regression."),
    ]
    learning_rate: Annotated[Number, Field(description="The learning rate in use; null until the run starts.")]
    function: Annotated[Function | None, Field(description="The function without data; null for a run on data.")]
    dataset: Annotated[RunDataset | None, Field(description="The data; null for a function without data.")]
    steps_done: int
    steps_total: int
    bytes: Annotated[int, Field(description="The size of the stored steps, which a deletion of the run frees.")]
    final: Criteria | None
    best: Annotated[Best | None, Field(description="Null without test rows.")]
    diverged_at: Annotated[int | None, Field(description="The first step whose θ or E(θ) was not finite.")]
    optimum: Annotated[
        Optimum | None, Field(description="For linear and polynomial models with sse or mse and without l1.")
    ]
    diagnosis: Annotated[
        list[Finding],
        Field(
            description="Findings about a finished run; none for a healthy one. Their changes are tried after the end "
            "of the run: they come with its `convergence`."
        ),
    ]
    convergence: Annotated[
        Convergence | None,
        Field(
            description="How a finished run ended. It follows the end of the run by a moment, and is null for good if "
            "it could not be found. The run is judged once it is there."
        ),
    ]
    error: dict[str, str] | None
    forked_from: ForkedFrom | None
    sweep: Annotated[SweepOfRun | None, Field(description="The sweep that the run is a member of.")]
    verification: Annotated[Verification | None, Field(description="The result of the last POST /runs/{id}/verify.")]
    trajectory_sha256: Annotated[
        str | None,
        Field(
            description="SHA-256 of the stored steps in order: θ and the columns of each step as little-endian "
            "float64. Null before the first stored step, and after a resume until the worker has read the earlier "
            "steps. A run that is cancelled, fails or reaches its deadline in this time may keep null."
        ),
    ]
    environments: Annotated[
        list[Environment] | None,
        Field(
            description="The platforms that computed the run, each from a step on, the last 20. Null before the first "
            "stored step, and for runs of earlier versions."
        ),
    ]
    timings: Annotated[
        JsonObject,
        Field(
            description="Durations in seconds, and `ways`: the optimisations of the engine "
            "(reduction, affine, replay, batched). `interrupted_seconds` is work that was lost when the run made way "
            "for the run of another key."
        ),
    ]
    links: dict[str, str]


class Run(ListedRun):
    """A run: its request, status and results, and its place in the queue, which lists do not have."""

    queue: Annotated[Queue | None, Field(description="The place of a queued run; null for any other.")]


class Runs(Page):
    """A page of runs."""

    data: list[ListedRun]
    total: NotRequired[Annotated[int, Field(description="With `total=true`: the number of runs on all pages.")]]


class SelectedRun(OpenAnswer):
    """The fields of a run that `fields` names, and its id."""

    id: str


class SelectedRuns(Page):
    """A page of runs with the fields that `fields` names."""

    data: list[SelectedRun]
    total: NotRequired[int]


class Price(Answer):
    """The cost of a request."""

    valid: bool
    steps: int
    parameters: int
    bytes: Annotated[
        int, Field(description="What the quota of bytes counts: trajectory, request, results, and data sent with it.")
    ]
    gradient_evaluations: int

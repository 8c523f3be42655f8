"""The request of a run as the database holds it: the body of POST /fit with every default filled in.

The schemas of `service.schemas.fit` check a body and fill it in; a test holds the fields of both to each other.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict, TypeGuard

LearningRate = float | Literal["auto"]


class SplitRequest(TypedDict):
    """The split: a share of the rows for testing, or the rows named. Runs of earlier releases lack fields."""

    test_fraction: NotRequired[float]
    test_rows: NotRequired[list[int]]
    seed: NotRequired[int]
    shuffle: NotRequired[bool]
    validation_fraction: NotRequired[float]
    stratify: NotRequired[bool | None]


class StandardizeRequest(TypedDict):
    """The standardisation of a polynomial, or of a target.

    Requests of earlier versions have a bool only; for a polynomial true means "columns".
    """

    features: bool | Literal["columns"]
    target: bool


class FunctionRequest(TypedDict):
    """A function E(θ) without data: its formula, or the name of one that ships."""

    formula: NotRequired[str]
    name: NotRequired[str]


class ModelRequest(TypedDict):
    """The model. `kind` decides which of the other fields there are."""

    kind: str
    intercept: NotRequired[bool]
    degree: NotRequired[int]
    hidden: NotRequired[list[int]]
    activation: NotRequired[str]
    task: NotRequired[str]
    formula: NotRequired[str]


class AskedObjective(TypedDict):
    """The objective as a body has it: the loss may be left to the model."""

    loss: str | None
    delta: NotRequired[float | None]
    l1: float
    l2: float


class ObjectiveRequest(TypedDict):
    """The objective. huber alone has `delta`; a function without data has no loss."""

    loss: NotRequired[str]
    delta: NotRequired[float]
    l1: float
    l2: float


class OptimizerRequest(TypedDict):
    """The optimiser. `kind` decides which of the other fields there are."""

    kind: str
    momentum: NotRequired[float]
    decay: NotRequired[float]
    beta1: NotRequired[float]
    beta2: NotRequired[float]
    epsilon: NotRequired[float]
    weight_decay: NotRequired[float]


class ScheduleRequest(TypedDict):
    """The schedule. `kind` decides which of the other fields there are."""

    kind: str
    every: NotRequired[int]
    factor: NotRequired[float]
    rate: NotRequired[float]


class StopRequest(TypedDict):
    """The conditions that end a descent before its last step."""

    gradient_norm: float | None
    loss_change: float | None
    patience: int | None


class NormalTheta0(TypedDict):
    """θ₀ drawn from a normal distribution."""

    kind: Literal["normal"]
    scale: float


Theta0 = str | list[float] | dict[str, float] | NormalTheta0 | None
"""θ₀: "zeros", a list, numbers by parameter, a distribution, or None for the weights that an mlp draws by the seed."""


class DescentRequest(TypedDict):
    """The descent."""

    steps: int
    learning_rate: LearningRate
    optimizer: OptimizerRequest
    schedule: ScheduleRequest
    theta0: Theta0
    batch_size: int | None
    seed: int
    clip_norm: float | None
    stop: StopRequest


class DatasetReference(TypedDict):
    """The dataset's id, or the name of the sample that it is.

    A run that chose its columns has both the features and the target; any other uses those of the dataset.
    """

    id: NotRequired[str]
    sample: NotRequired[str]
    features: NotRequired[list[str]]
    target: NotRequired[str]


class BaseRequest(TypedDict):
    """The fields that no default of a model concerns.

    Either there is a function without data, or there are all of dataset, split, standardize and model.
    """

    function: NotRequired[FunctionRequest]
    dataset: NotRequired[DatasetReference]
    split: NotRequired[SplitRequest]
    standardize: NotRequired[bool | StandardizeRequest]
    model: NotRequired[ModelRequest]
    descent: DescentRequest
    preset: str | None
    name: str | None
    tags: dict[str, str]
    deadline_seconds: float | None


class AskedRequest(BaseRequest):
    """A request before the model's own loss and θ₀ are filled in."""

    objective: AskedObjective


class StoredRequest(BaseRequest):
    """A request as it is stored."""

    objective: ObjectiveRequest


OF_DATA = ("dataset", "split", "standardize", "model")
"""The fields of a request that a function without data does not have."""


def is_normal(theta0: Theta0) -> TypeGuard[NormalTheta0]:
    """Whether θ₀ is drawn from a normal distribution."""
    return isinstance(theta0, Mapping) and theta0.get("kind") == "normal"


def is_by_name(theta0: Theta0) -> TypeGuard[dict[str, float]]:
    """Whether θ₀ has a number for each parameter by its name."""
    return isinstance(theta0, Mapping) and theta0.get("kind") != "normal"

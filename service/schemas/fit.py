"""The body of POST /fit. Bounds that are settings are checked against the data, in `service.training`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from service.schemas.base import TAG, Strict, tag_of, wrong

Name = Annotated[str, Field(min_length=1, max_length=200)]
TagName = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^:]+$")]
"""Without a colon, which separates it from its value in `GET /runs?tag=key:value`."""
Finite = float
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Numbers = Annotated[list[Finite], Field(fail_fast=True)]
Labels = Annotated[list[Name], Field(fail_fast=True)]


def _entries(value: Any) -> str:
    return TAG + ("labels" if isinstance(value, list) and value and isinstance(value[0], str) else "numbers")


class InlineDataset(Strict):
    """Data in the request itself: one row of `x` and one entry of `y` an example."""

    x: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=2, fail_fast=True)] = Field(
        description="The features: a list of rows, each a list of numbers."
    )
    y: Annotated[Annotated[Numbers, Tag("?numbers")] | Annotated[Labels, Tag("?labels")], Discriminator(_entries)] = (
        Field(description="The target: a number a row, or for a classification class labels, integers or strings.")
    )
    feature_names: Labels | None = Field(None, description="Default: x1, x2, …")
    target_name: Name = "y"

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        rows, width = len(self.x), len(self.x[0])
        for number, row in enumerate(self.x):
            if len(row) != width:
                raise wrong(
                    f"This row has {len(row)} values, row 0 has {width}.", "Make them equally long.", "x", number
                )
        if len(self.y) != rows:
            raise wrong(f"y has {len(self.y)} entries, x has {rows} rows.", "Give one y for each row of x.", "y")
        names = self.feature_names
        if names is not None and len(names) != width:
            raise wrong(f"These are {len(names)} names for {width} features.", "Name each feature.", "feature_names")
        if names is not None and len({*names, self.target_name}) < width + 1:
            raise wrong("A name stands here twice, or is the target's.", "Give each its own.", "feature_names")
        return self


class StoredDataset(Strict):
    """A dataset uploaded before."""

    id: Name


class SampleDataset(Strict):
    """A dataset that ships with the service, see GET /samples."""

    sample: Name


def _dataset_kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, Strict) else {}
    return TAG + next((key for key in ("id", "sample") if key in keys), "inline")


Dataset = Annotated[
    Annotated[InlineDataset, Tag("?inline")]
    | Annotated[StoredDataset, Tag("?id")]
    | Annotated[SampleDataset, Tag("?sample")],
    Discriminator(_dataset_kind),
]


class FractionSplit(Strict):
    """A share of the rows, rounded up, for testing; 0 for none."""

    test_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.25
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    shuffle: bool = True


class RowsSplit(Strict):
    """The rows named, from 0, for testing."""

    test_rows: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, fail_fast=True)]


def _split_kind(value: Any) -> str:
    by_rows = "test_rows" in value if isinstance(value, dict) else isinstance(value, RowsSplit)
    return TAG + ("rows" if by_rows else "fraction")


Split = Annotated[
    Annotated[FractionSplit, Tag("?fraction")] | Annotated[RowsSplit, Tag("?rows")], Discriminator(_split_kind)
]


class LinearModel(Strict):
    """f(θ, x) = θ₀ + θ·x."""

    kind: Literal["linear"] = "linear"
    intercept: bool = True


class PolynomialModel(Strict):
    """A polynomial in the features, products of different features included."""

    kind: Literal["polynomial"]
    degree: Annotated[int, Field(ge=1, le=30)] = 2
    intercept: bool = True


class LogisticModel(Strict):
    """P(y = second class) = 1 / (1 + exp(−θ₀ − θ·x))."""

    kind: Literal["logistic"]
    intercept: bool = True


Model = Annotated[
    Annotated[LinearModel, Tag("?linear")]
    | Annotated[PolynomialModel, Tag("?polynomial")]
    | Annotated[LogisticModel, Tag("?logistic")],
    Discriminator(
        tag_of("kind", "linear"),
        custom_error_type="descent",
        custom_error_message="This must be linear, polynomial or logistic.",
        custom_error_context={"at": ("kind",)},
    ),
]


class Objective(Strict):
    """E(θ): the loss over the training rows plus λ₂‖θ‖₂², the intercept not penalised."""

    loss: Literal["sse", "mse", "log_loss"] | None = Field(
        None, description="Default: mse for a regression, log_loss for a classification."
    )
    l1: Annotated[float, Field(ge=0, le=0)] = Field(0.0, description="Only 0 so far.")
    l2: NotNegative = 0.0


class Optimizer(Strict):
    """gd: θ ← θ − η∇E(θ)."""

    kind: Literal["gd"] = "gd"


class Schedule(Strict):
    """constant: the learning rate stays as it is."""

    kind: Literal["constant"] = "constant"


class Stop(Strict):
    """When to stop before the last step: nothing to choose so far."""

    gradient_norm: None = None
    loss_change: None = None
    patience: None = None


def _rate_kind(value: Any) -> str:
    return TAG + ("auto" if isinstance(value, str) else "number")


LearningRate = Annotated[
    Annotated[Positive, Tag("?number")] | Annotated[Literal["auto"], Tag("?auto")], Discriminator(_rate_kind)
]


def _theta0_kind(value: Any) -> str:
    return TAG + ("zeros" if isinstance(value, str) else "by_name" if isinstance(value, dict) else "list")


Theta0 = Annotated[
    Annotated[Literal["zeros"], Tag("?zeros")]
    | Annotated[Numbers, Tag("?list")]
    | Annotated[dict[str, Finite], Tag("?by_name")],
    Discriminator(_theta0_kind),
]


class Descent(Strict):
    """The algorithm: θ ← θ − η∇E(θ), so many times, from θ₀."""

    steps: Annotated[int, Field(ge=1)] = 100
    learning_rate: LearningRate = Field("auto", description='η > 0, or "auto": 1/λmax of the Hessian of E at θ₀.')
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    theta0: Theta0 = Field("zeros", description="θ₀: zeros, a list in the order of the parameters, or by name.")
    batch_size: None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    clip_norm: None = None
    stop: Stop = Stop()


class FitRequest(Strict):
    """Data, a model and a descent. Only the dataset has no default."""

    dataset: Dataset
    split: Split = FractionSplit()
    standardize: bool = False
    model: Model = LinearModel()
    objective: Objective = Objective()
    descent: Descent = Descent()
    preset: Literal["course"] | None = Field(
        None, description="course: what is left out is the course's: loss sse, learning rate 1, 100 steps, gd."
    )
    name: Annotated[str, Field(max_length=200)] | None = None
    tags: Annotated[dict[TagName, Annotated[str, Field(max_length=200)]], Field(max_length=20)] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    deadline_seconds: None = None

    def filled(self) -> Self:
        """The request with the preset's values where the body was silent."""
        if self.preset != "course":
            return self
        objective, descent = self.objective, self.descent
        if "loss" not in objective.model_fields_set:
            objective = objective.model_copy(update={"loss": "sse"})
        if "learning_rate" not in descent.model_fields_set:
            descent = descent.model_copy(update={"learning_rate": 1.0})
        return self.model_copy(update={"objective": objective, "descent": descent})

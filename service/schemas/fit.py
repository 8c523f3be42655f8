"""The body of POST /fit. Bounds that are settings are checked against the data, in `service.jobs.validation`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from service.schemas.descent import Descent, Objective
from service.schemas.fields import Labels, Name, Numbers, Positive, Seed, Share
from service.schemas.model import LinearModel, Model
from service.schemas.strict_model import TAG, Strict, wrong

TagName = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^:]+$")]
"""Without a colon, which separates it from its value in `GET /runs?tag=key:value`."""


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


class Shuffle(Strict):
    """How rows are drawn, and how many of the training rows are kept apart to decide when to stop."""

    seed: Seed = 0
    shuffle: bool = True
    validation_fraction: Share = Field(
        0.0, description="A share of the training rows, rounded up, that is not trained on; stop.patience watches it."
    )


class FractionSplit(Shuffle):
    """A share of the rows, rounded up, for testing; 0 for none."""

    test_fraction: Share = 0.25


class RowsSplit(Shuffle):
    """The rows named, from 0, for testing."""

    test_rows: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, fail_fast=True)]


def _split_kind(value: Any) -> str:
    by_rows = "test_rows" in value if isinstance(value, dict) else isinstance(value, RowsSplit)
    return TAG + ("rows" if by_rows else "fraction")


Split = Annotated[
    Annotated[FractionSplit, Tag("?fraction")] | Annotated[RowsSplit, Tag("?rows")], Discriminator(_split_kind)
]


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
    deadline_seconds: Positive | None = Field(
        None, description="Stop so many seconds after the run has begun, wherever it stands then, pauses included."
    )

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


class Changes(Strict):
    """What a fork does otherwise than its run: fields of `descent` and `objective` as in POST /fit, and its labels."""

    descent: dict[str, Any] = Field(default_factory=dict)
    objective: dict[str, Any] = Field(default_factory=dict)
    name: Annotated[str, Field(max_length=200)] | None = None
    tags: dict[str, Any] = Field(default_factory=dict)
    deadline_seconds: Positive | None = None


class ForkRequest(Strict):
    """From which step of a run, and what is to be otherwise from there on."""

    from_step: Annotated[int, Field(ge=0, description="A stored step of the run: its θ is the fork's θ₀.")]
    changes: Changes = Changes()

    def sent(self) -> dict[str, Any]:
        """The fork as it was asked for. A field that changes nothing is as good as one left out."""
        changes = self.changes.model_dump(mode="json", exclude_unset=True)
        return {"from_step": self.from_step, "changes": {name: value for name, value in changes.items() if value != {}}}


class Path(Strict):
    """θ at every step."""

    theta: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=2, fail_fast=True)] = Field(
        description="θ₀, then θ after each update: a list of numbers each, in the order of the model's parameters."
    )


class CheckRequest(FitRequest):
    """A fit, and the θ that somebody's own descent gave at each of its steps."""

    trajectory: Path
    tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        1e-6, description="Numbers are the same that differ by less, relative to the largest that a parameter has been."
    )

    def filled(self) -> Self:
        """The request with the preset's values; the steps are as many as were sent, unless the body says how many."""
        filled = super().filled()
        if "steps" in self.descent.model_fields_set or self.preset is not None:
            return filled
        descent = filled.descent.model_copy(update={"steps": len(self.trajectory.theta) - 1})
        return filled.model_copy(update={"descent": descent})


def _number_or_word(value: Any) -> str:
    return TAG + ("word" if isinstance(value, str) else "number")


class PredictRequest(Strict):
    """Rows of features, and the step whose θ predicts."""

    x: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=1, fail_fast=True)] = Field(
        description="Rows of features in the data's own units, in the order of the run's `dataset.features`."
    )
    step: Annotated[
        Annotated[int, Field(ge=0), Tag("?number")] | Annotated[Literal["last", "best"], Tag("?word")],
        Discriminator(_number_or_word),
    ] = Field("last", description="A stored step, or `best`: the one with the least test MSE.")

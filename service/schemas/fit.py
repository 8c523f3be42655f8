"""The body of POST /fit. `service.jobs.validation` checks it against the data and the settings."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer, model_validator

from service.core.plurals import counted
from service.core.run_request import OF_DATA
from service.schemas.descent import Descent, Objective
from service.schemas.fields import ColumnName, Finite, Labels, Name, Numbers, Positive, Seed, Share, Title
from service.schemas.model import LinearModel, Model
from service.schemas.strict_model import TAG, Strict, by_type, wrong

MOST_TAGS = 20
NOT_BOTH = "Remove it, or give a dataset instead of the function."
TagName = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^:]+$")]
"""Without a colon: `GET /runs?tag=key:value` separates key and value by it."""


def _entries(value: Any) -> str:
    entries: list[Any] = value if isinstance(value, list) else []
    first = next((entry for entry in entries if entry is not None), None)
    return TAG + ("labels" if isinstance(first, str) else "numbers")


class InlineDataset(Strict):
    """Data in the request: each example is a row of `x` and an entry of `y`."""

    x: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=2, fail_fast=True)] = Field(
        description="The features: a list of rows, each a list of numbers."
    )
    y: Annotated[Annotated[Numbers, Tag("?numbers")] | Annotated[Labels, Tag("?labels")], Discriminator(_entries)] = (
        Field(description="The target: a number for each row; for a classification class labels, integers or strings.")
    )
    feature_names: Labels | None = Field(None, description="Default: x1, x2, …")
    target_name: Name = "y"

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        _check_shapes(self.x, self.y, self.feature_names, self.target_name)
        return self


class UploadedDataset(Strict):
    """Data of an upload: as inline data, and null is a missing value."""

    x: Annotated[
        list[Annotated[list[Finite | None], Field(min_length=1, fail_fast=True)]], Field(min_length=2, fail_fast=True)
    ] = Field(description="The features: a list of rows, each a list of numbers; null is a missing value.")
    y: Annotated[
        Annotated[Annotated[list[Finite | None], Field(fail_fast=True)], Tag("?numbers")]
        | Annotated[Annotated[list[Name | None], Field(fail_fast=True)], Tag("?labels")],
        Discriminator(_entries),
    ] = Field(description="The target: a number or a class label for each row; null is a missing value.")
    feature_names: Labels | None = Field(None, description="Default: x1, x2, …")
    target_name: Name = "y"

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        _check_shapes(self.x, self.y, self.feature_names, self.target_name)
        return self


def _check_shapes(x: Sequence[Sequence[object]], y: Sequence[object], names: Sequence[str] | None, target: str) -> None:
    """Raises an error for rows, targets or names that do not fit together."""
    rows, width = len(x), len(x[0])
    for number, row in enumerate(x):
        if len(row) != width:
            raise wrong(
                f"This row has {counted(len(row), 'value')}, row 0 has {width}.",
                "Make them equally long.",
                "x",
                number,
            )
    if len(y) != rows:
        raise wrong(
            f"y has {counted(len(y), 'entry', 'entries')}, x has {rows} rows.",
            "Give one y for each row of x.",
            "y",
        )
    if names is not None and len(names) != width:
        message = f"{counted(len(names), 'name')} for {counted(width, 'feature')}."
        raise wrong(message, "Give one name for each feature.", "feature_names")
    if names is not None and len({*names, target}) < width + 1:
        raise wrong("Duplicate name.", "Give each feature and the target different names.", "feature_names")


class ChosenColumns(Strict):
    """The columns of a stored dataset that the run uses."""

    features: Annotated[list[ColumnName], Field(min_length=1, fail_fast=True)] | None = Field(
        None,
        description="The features: columns of numbers by name, texts of a category as `sex=male`, or a whole category "
        "by name, which gives all its texts but the first. Default: the choice of the upload.",
    )
    target: ColumnName | None = Field(None, description="The column to predict. Default: the choice of the upload.")

    @model_serializer(mode="wrap")
    def _without_defaults(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A request that chooses nothing keeps the digest that earlier versions gave it.
        fields: dict[str, Any] = serialize(self)
        return {name: value for name, value in fields.items() if value is not None}


class StoredDataset(ChosenColumns):
    """An uploaded dataset."""

    id: Name


class SampleDataset(ChosenColumns):
    """A dataset that ships with the service; see GET /samples."""

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


class FormulaFunction(Strict):
    """A function by its formula: every name in it is a parameter."""

    formula: str = Field(
        description="E(θ), such as (1 - a)**2 + 100*(b - a**2)**2: + - * / ** and functions such as exp, log, sqrt, "
        "sin, tanh; at most 1000 characters."
    )


class NamedFunction(Strict):
    """A function that ships with the service; see GET /functions."""

    name: Name


def _function_kind(value: Any) -> str:
    by_name = "name" in value if isinstance(value, dict) else isinstance(value, NamedFunction)
    return TAG + ("name" if by_name else "formula")


Function = Annotated[
    Annotated[FormulaFunction, Tag("?formula")] | Annotated[NamedFunction, Tag("?name")], Discriminator(_function_kind)
]


class Shuffle(Strict):
    """The random seed and the validation rows."""

    seed: Seed = Field(0, description="The seed of the order of the rows.")
    shuffle: bool = Field(True, description="Whether the rows are drawn at random; else the last ones are held out.")
    validation_fraction: Share = Field(
        0.0, description="The fraction of training rows, rounded up, held out for validation; stop.patience uses it."
    )
    stratify: bool | None = Field(
        None,
        description="Whether each part that is drawn has the shares of the classes, and training has every class "
        "where possible. Default: true for shuffled rows of a classification. `test_rows` are not drawn.",
    )


class FractionSplit(Shuffle):
    """A random test set: a fraction of the rows, rounded up; 0 for none."""

    test_fraction: Share = Field(
        0.25, description="The fraction of the rows, rounded up, held out for the test error; 0 for none."
    )


class RowsSplit(Shuffle):
    """A test set of the given rows, numbered from 0."""

    test_rows: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, fail_fast=True)] = Field(
        description="The numbers of the rows of the test set, from 0."
    )


def _split_kind(value: Any) -> str:
    by_rows = "test_rows" in value if isinstance(value, dict) else isinstance(value, RowsSplit)
    return TAG + ("rows" if by_rows else "fraction")


Split = Annotated[
    Annotated[FractionSplit, Tag("?fraction")] | Annotated[RowsSplit, Tag("?rows")], Discriminator(_split_kind)
]


def _features_kind(value: Any) -> str | None:
    return TAG + "bool" if isinstance(value, bool) else TAG + "columns" if isinstance(value, str) else None


class Standardize(Strict):
    """What is centred and divided by its standard deviation on the training rows."""

    features: Annotated[
        Annotated[bool, Tag("?bool")] | Annotated[Literal["columns"], Tag("?columns")],
        by_type(_features_kind, "features_type"),
    ] = Field(
        False,
        description="The features; of a polynomial before the powers. `columns`: of a polynomial after them alone, "
        "as earlier versions did. Those of a formula stay as they are: write scales into the formula.",
    )
    target: bool = Field(
        False,
        description="The target, for the regressions mlp and formula: f(θ, x) is (y − mean)/deviation. E is of this "
        "target; train_mse, test_mse and predictions are in the units of the data. The parameters of a formula are "
        "those of the standardised target.",
    )


def _standardize_kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return TAG + "all"
    return TAG + "each" if isinstance(value, dict | Standardize) else None


StandardizeChoice = Annotated[
    Annotated[bool, Tag("?all")] | Annotated[Standardize, Tag("?each")],
    by_type(_standardize_kind, "standardize_type"),
]


class FitRequest(Strict):
    """Data, model, objective and descent; or a function E(θ) without data, and the descent.

    Only `dataset` and `function` have no default: a request has one of them.
    """

    function: Function | None = Field(
        None,
        description="Instead of `dataset`, `split`, `standardize` and `model`: a function E(θ) without data. "
        "`objective` then has `l1` and `l2` alone.",
    )
    dataset: Dataset | None = Field(None, description="The data, unless there is a function.")
    split: Split = FractionSplit()
    standardize: StandardizeChoice = Field(
        False, description="true: the features, unless the model is a formula. An object: the features, the target."
    )
    model: Model = LinearModel()
    objective: Objective = Objective()
    descent: Descent = Descent()
    preset: Literal["course"] | None = Field(
        None, description="course: the defaults of the course: loss sse, learning rate 1, 100 steps, gd."
    )
    name: Title | None = None
    tags: Annotated[dict[TagName, Annotated[str, Field(max_length=200)]], Field(max_length=MOST_TAGS)] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    deadline_seconds: Positive | None = Field(
        None, description="Stop after this many seconds of work on the run; pauses and waits do not count."
    )

    @model_validator(mode="after")
    def _has_data_or_a_function(self) -> Self:
        if self.function is None and self.dataset is None:
            raise wrong("Missing field.", "Add it, or a function without data.", "dataset")
        of_data = [name for name in OF_DATA if name in self.model_fields_set and getattr(self, name) is not None]
        if self.function is not None and of_data:
            raise wrong(f"A function has no data, and so no {of_data[0]}.", NOT_BOTH, of_data[0])
        return self

    def sent(self) -> dict[str, Any]:
        """The body with defaults, for the digest of a request: without a field that earlier versions did not have."""
        if self.function is not None:
            return self.model_dump(mode="json", exclude={*OF_DATA})
        later = {"stratify"} if self.split.stratify is None else set()
        return self.model_dump(mode="json", exclude={"function": True, "split": later})

    def filled(self) -> Self:
        """The request with the values of the preset for missing fields."""
        if self.preset != "course":
            return self
        objective, descent = self.objective, self.descent
        if "loss" not in objective.model_fields_set and self.function is None:
            objective = objective.model_copy(update={"loss": "sse"})
        if "learning_rate" not in descent.model_fields_set:
            descent = descent.model_copy(update={"learning_rate": 1.0})
        return self.model_copy(update={"objective": objective, "descent": descent})


class Changes(Strict):
    """The changes of a fork: fields of `descent` and `objective` as in POST /fit, name and tags."""

    descent: dict[str, Any] = Field(default_factory=dict)
    objective: dict[str, Any] = Field(default_factory=dict)
    name: Title | None = None
    tags: dict[str, Any] = Field(default_factory=dict)
    deadline_seconds: Positive | None = None


class ForkRequest(Strict):
    """The step of a run at which the fork starts, and the changes from there."""

    from_step: Annotated[int, Field(ge=0, description="A stored step of the run; its θ is the θ₀ of the fork.")]
    changes: Changes = Changes()

    def sent(self) -> dict[str, Any]:
        """The body as sent, without fields that change nothing."""
        changes = self.changes.model_dump(mode="json", exclude_unset=True)
        return {"from_step": self.from_step, "changes": {name: value for name, value in changes.items() if value != {}}}


class Path(Strict):
    """θ at every step."""

    theta: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=2, fail_fast=True)] = Field(
        description="θ₀ and θ after each update, each a list of numbers in the order of the parameters of the model."
    )


class CheckRequest(FitRequest):
    """A request and the θ of each step of a descent that the client computed."""

    trajectory: Path
    tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        1e-6,
        description="The largest difference between equal numbers, relative to the largest value of the parameter.",
    )

    def filled(self) -> Self:
        """The request with the values of the preset; `steps` defaults to the number of sent steps."""
        filled = super().filled()
        if "steps" in self.descent.model_fields_set or self.preset is not None:
            return filled
        descent = filled.descent.model_copy(update={"steps": len(self.trajectory.theta) - 1})
        return filled.model_copy(update={"descent": descent})

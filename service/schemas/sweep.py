"""The body of POST /sweeps."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, Tag, create_model, model_validator

from service.schemas.fields import Finite, Name, Title
from service.schemas.fit import FitRequest
from service.schemas.pointers import is_known, nearest
from service.schemas.strict_model import TAG, Strict, by_type, wrong

VARIABLE = ("descent", "objective", "model", "split", "standardize", "deadline_seconds")
"""Fields of a request that may vary in a sweep, whole or in parts."""
_VARIED: dict[str, Any] = {
    name: (field.annotation, field) for name, field in FitRequest.model_fields.items() if name in VARIABLE
}
Varied = create_model("Varied", __base__=Strict, **_VARIED)
"""The fields of a request that vary: a member of a sweep is parsed no further than it differs from the base."""
MOST_VARIED = 10

RankBy = Literal[
    "test_mse",
    "best_test_mse",
    "validation_mse",
    "train_mse",
    "train_loss",
    "test_accuracy",
    "test_precision",
    "test_recall",
    "test_f1",
    "validation_accuracy",
    "validation_precision",
    "validation_recall",
    "validation_f1",
    "train_accuracy",
    "train_precision",
    "train_recall",
    "train_f1",
]


class Range(Strict):
    """`count` values from one number to another, both included. Whole numbers on a linear scale stay whole."""

    model_config = ConfigDict(populate_by_name=True)

    first: Annotated[Finite, Field(alias="from")]
    last: Annotated[Finite, Field(alias="to")]
    count: Annotated[int, Field(ge=2, le=100_000)]
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _has_logarithms(self) -> Self:
        if self.scale == "log" and min(self.first, self.last) <= 0:
            raise wrong(
                "A log scale has positive ends.",
                "Give a positive number, or the scale linear.",
                "from" if self.first <= 0 else "to",
            )
        return self


def _values_kind(value: Any) -> str | None:
    return TAG + "list" if isinstance(value, list) else TAG + "range" if isinstance(value, dict | Range) else None


Values = Annotated[
    Annotated[list[Any], Field(min_length=1), Tag("?list")] | Annotated[Range, Tag("?range")],
    by_type(_values_kind, "values_type"),
]
Pointer = Annotated[str, Field(max_length=200)]


class SweepRequest(Strict):
    """A request and the changes of the runs of the sweep: all combinations of `grid`, or each entry of `list`."""

    model_config = ConfigDict(populate_by_name=True)

    base: FitRequest | None = Field(None, description="The body of POST /fit that the runs change.")
    run: Name | None = Field(None, description="Instead of `base`: the id of a run with the request and data.")
    grid: Annotated[dict[Pointer, Values], Field(min_length=1, max_length=MOST_VARIED)] | None = Field(
        None,
        description="JSON pointers into the request, such as /descent/learning_rate, each with its values: a list or "
        "a range. Every combination is a member.",
        json_schema_extra={"propertyNames": {"pattern": "^/"}},
    )
    patches: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = Field(
        None,
        alias="list",
        description="Instead of `grid`: the changed fields of the request for each run.",
    )
    rank_by: RankBy | None = Field(
        None,
        description="The criterion of the ranking, at the last step of each run, or best_test_mse. Default: "
        "validation_mse where there are validation rows, else test_mse, else train_mse.",
    )
    name: Title | None = None

    def sent(self) -> dict[str, Any]:
        """The body as sent, with the preset of the base filled in."""
        base = None if self.base is None else self.base.filled().sent()
        return self.model_dump(mode="json", by_alias=True, exclude={"base"}) | {"base": base}

    @model_validator(mode="after")
    def _says_what_varies(self) -> Self:
        if (self.base is None) == (self.run is None):
            raise wrong("A sweep needs a request or a run.", "Give either base or run.", "base")
        if (self.grid is None) == (self.patches is None):
            raise wrong("A sweep needs a grid or a list.", "Give either grid or list.", "grid")
        for pointer in self.grid or ():
            _check_pointer(pointer, list(self.grid or ()))
        for number, changes in enumerate(self.patches or ()):
            for name in changes:
                if name not in VARIABLE:
                    raise wrong(_FIXED, _HINT, "list", number, name)
        return self


_FIXED = "The members of a sweep do not differ in this."
_HINT = f"They may differ in {', '.join(VARIABLE[:-1])} and {VARIABLE[-1]}."


_NO_POINTER = "A key of the grid is a JSON pointer into the request, which starts with /."


def _check_pointer(pointer: str, pointers: list[str]) -> None:
    first = pointer.removeprefix("/").partition("/")[0]
    if pointer.startswith("/") and first in FitRequest.model_fields and first not in VARIABLE:
        raise wrong(_FIXED, _HINT, "grid", pointer)
    if not is_known(pointer):
        message = "The request has no such field." if pointer.startswith("/") else _NO_POINTER
        near = nearest(pointer)
        raise wrong(message, f"Write {near}." if near else _HINT, "grid", pointer)
    if any(other.startswith(f"{pointer}/") for other in pointers):
        raise wrong("Another pointer of the grid is inside this one.", "Remove one of them.", "grid", pointer)

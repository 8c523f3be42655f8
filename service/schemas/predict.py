"""The body of POST /runs/{id}/predict."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator

from service.schemas.fields import Name, Numbers
from service.schemas.strict_model import TAG, Strict, by_type, is_number, wrong


def _number_or_word(value: Any) -> str | None:
    return TAG + "word" if value in ("last", "best") else TAG + "number" if is_number(value) else None


class DatasetToPredict(Strict):
    """A stored dataset."""

    id: Name = Field(description="The id of a dataset, or `latest`. Its columns have the names of the run's features.")


class PredictRequest(Strict):
    """Rows of features, or a dataset that has them, and the step whose θ makes the predictions."""

    x: Annotated[list[Annotated[Numbers, Field(min_length=1)]], Field(min_length=1, fail_fast=True)] | None = Field(
        None, description="Rows of features in the units of the data, in the order of `dataset.features` of the run."
    )
    dataset: DatasetToPredict | None = Field(None, description="Instead of `x`: all rows of a dataset.")
    step: Annotated[
        Annotated[int, Field(ge=0), Tag("?number")] | Annotated[Literal["last", "best"], Tag("?word")],
        by_type(_number_or_word, "step_type"),
    ] = Field("last", description="A stored step, `last`, or `best`: the step with the lowest test MSE.")

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if (self.x is None) == (self.dataset is None):
            raise wrong("A prediction needs either rows or a dataset.", "Give either x or dataset.", "x")
        return self

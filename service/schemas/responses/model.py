"""Answer of a model for use elsewhere."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from service.core.run_record import Classes
from service.schemas.responses.base import Answer, JsonObject, Number, Vector


class ScaledColumn(Answer):
    """A column before it meets θ: (value − mean)/scale."""

    name: str
    mean: float
    scale: float


class ScaledTarget(Answer):
    """The target that the model predicts: (y − mean)/scale."""

    mean: float
    scale: float


class ModelScaling(Answer):
    """What is scaled, in this order; null for what is not."""

    features: Annotated[
        list[ScaledColumn] | None, Field(description="The features, before the powers of a polynomial.")
    ]
    columns: Annotated[list[ScaledColumn] | None, Field(description="The features, or the powers, that θ multiplies.")]
    target: ScaledTarget | None


class ModelNumbers(Answer):
    """A model f(θ, x) at a step of a run: all that one needs to compute it elsewhere."""

    run_id: str
    step: int
    model: Annotated[JsonObject, Field(description="The model of the request.")]
    features: list[str]
    target: str
    classes: Classes
    parameters: list[str]
    theta: Vector
    coefficients: Annotated[
        Mapping[str, Number],
        Field(description="θ in the units of the data; null where a model of a scaled target has none."),
    ]
    scaling: ModelScaling
    formula: Annotated[
        list[str] | None,
        Field(
            description="The arithmetic, line by line: the last lines are the prediction, or the probability of each "
            "class. null for more than 2,000 parameters."
        ),
    ]

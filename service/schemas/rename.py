"""The bodies of PATCH: names, and tags of a run. A field left out stays as it is (JSON Merge Patch, RFC 7396)."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.schemas.fields import Title
from service.schemas.fit import MOST_TAGS, TagName
from service.schemas.strict_model import Strict, wrong


class Rename(Strict):
    """A new name; null removes it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})
    name: Title | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            hint = "Give name or tags." if "tags" in type(self).model_fields else "Give name."
            raise wrong("The body changes nothing.", hint)
        return self


class RunPatch(Rename):
    """A new name, new or changed tags; null removes one, or all of them."""

    tags: (
        Annotated[
            dict[TagName, Annotated[str, Field(max_length=200)] | None],
            Field(max_length=2 * MOST_TAGS, json_schema_extra={"additionalProperties": False}),
        ]
        | None
    ) = Field(default_factory=dict)

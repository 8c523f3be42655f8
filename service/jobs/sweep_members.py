"""Plans of a sweep's members: each costs what it changes, the rest is taken over from the base, checked once."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import orjson

from service.core.column_choice import Choice
from service.core.json_bytes import json_bytes
from service.core.json_patch import Patch, merge_patch
from service.core.run_request import AskedRequest, StoredRequest
from service.core.settings import Settings
from service.jobs.function_validation import default_theta0
from service.jobs.plans import planner_of
from service.jobs.validation import Plan
from service.schemas.strict_model import validated
from service.schemas.sweep import Varied

LARGE = 16
"""Entries from which a list or an object is parsed and measured once, and then known by its identity."""
STAND_INS: tuple[tuple[str, str, object], ...] = (("descent", "theta0", "zeros"), ("split", "test_rows", [0]))
"""The fields that can be large, and a short valid value for each."""


class Base(NamedTuple):
    """Base request of the members. `wanted` is the base as sent, `request` the base with defaults.

    `pointer` is its JSON pointer in the sweep's body; `facts` and `inline` describe its data; a function has none.
    """

    wanted: object
    request: AskedRequest
    pointer: str
    facts: Choice | None
    inline: bool


class MemberPlanner:
    """Plans the members of one sweep. The objects of the body and the plans must outlive it: identities are keys."""

    def __init__(self, base: Base, settings: Settings) -> None:
        self._base = cast("Mapping[str, Any]", base.request)
        self._planner = planner_of(base.request, base.facts, settings, inline=base.inline)
        self._parsed: dict[int, object] = {}
        self._sizes: dict[int, int] = {}
        for section, field, _ in STAND_INS:
            value: object = self._base.get(section, {}).get(field)
            if _is_large(value):
                self._parsed[id(value)] = value

    def plan(self, patch: Patch) -> Plan:
        """The plan of the member with this patch. Raises InvalidError with pointers into the member's request."""
        objective = patch.get("objective")
        if isinstance(objective, dict) and "loss" in objective:  # delta belongs to the base's loss
            patch = {**patch, "objective": {"delta": None, **objective}}
        if "function" in self._base:
            patch = self._with_start(patch)
        changed = self._changed(patch) if patch else {}
        return self._planner.plan(cast("AskedRequest", {**self._base, **changed}))

    def _with_start(self, patch: Patch) -> Patch:
        """The patch with the default θ₀ of the function beside the components that the patch changes."""
        descent = patch.get("descent")
        given = descent.get("theta0") if isinstance(descent, dict) else None
        if self._base["descent"]["theta0"] is not None or not isinstance(given, dict) or "kind" in given:
            return patch
        start = default_theta0(self._base["function"])
        return merge_patch({"descent": {"theta0": start}}, patch)

    def size_of_values(self, values: Mapping[str, object]) -> int:
        """Bytes of a member's varied values, and of their pointers, as JSON."""
        return sum(map(self._size_of, values.values())) + sum(map(len, values))

    def size(self, request: StoredRequest) -> int:
        """Bytes of a member's request as JSON."""
        found = 0
        small: dict[str, Any] = {**request}
        for section, field, _ in STAND_INS:
            value = small.get(section, {}).get(field)
            if _is_large(value):
                found += self._size_of(value)
                small[section] = {**small[section], field: None}
        return found + len(orjson.dumps(small))

    def _size_of(self, value: object) -> int:
        if not _is_large(value):
            return len(orjson.dumps(value))
        if id(value) not in self._sizes:
            self._sizes[id(value)] = len(orjson.dumps(value))
        return self._sizes[id(value)]

    def _changed(self, patch: Patch) -> dict[str, Any]:
        """The changed fields of a member's request, parsed and with their defaults."""
        if (components := self._components(patch)) is not None:
            return components
        sources = {}
        for section, field, stand_in in STAND_INS:
            of_section = patch.get(section)
            if isinstance(of_section, dict):
                source = of_section.get(field, self._base.get(section, {}).get(field))
                if _is_large(source):
                    sources[section, field] = source
                if id(source) in self._parsed:
                    patch = {**patch, section: {**of_section, field: stand_in}}
        changed = _parsed(self._base, patch)
        for (section, field), source in sources.items():
            changed[section][field] = self._parsed.setdefault(id(source), changed[section][field])
        return changed

    def _components(self, patch: Patch) -> dict[str, Any] | None:
        """The changed fields if some components of a large θ₀ by name change: only these are parsed. None otherwise."""
        base, descent = self._base["descent"]["theta0"], patch.get("descent")
        components = descent.get("theta0") if isinstance(descent, dict) else None
        if not (_is_large(base) and isinstance(base, dict) and isinstance(components, dict)):
            return None
        if _is_large(components) or None in components.values() or "kind" in components:
            return None
        small = {**self._base, "descent": {**self._base["descent"], "theta0": "zeros"}}
        changed = _parsed(small, patch)
        theta0 = {**base, **changed["descent"]["theta0"]}
        changed["descent"]["theta0"] = theta0
        self._sizes[id(theta0)] = self._size_of(base) + len(json_bytes(components))
        return changed


def _parsed(base: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """The fields of the patched base that the patch changes, with their defaults. Raises InvalidError."""
    merged = merge_patch({name: base[name] for name in patch if name in base}, patch)
    return validated(Varied, json_bytes(merged)).model_dump(mode="json", include={*patch})


def _is_large(value: object) -> bool:
    return isinstance(value, list | dict) and len(value) > LARGE

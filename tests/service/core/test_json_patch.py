"""JSON merge patches of requests: the examples of RFC 7396 for objects, and objects of another kind."""

from typing import Any

import pytest

from service.core.json_patch import merge_patch


@pytest.mark.parametrize(
    ("old", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch(old: Any, patch: Any, expected: Any) -> None:
    assert merge_patch(old, patch) == expected


def test_another_kind_begins_with_an_empty_object() -> None:
    old = {"schedule": {"kind": "step", "every": 5, "factor": 0.5}}
    assert merge_patch(old, {"schedule": {"kind": "constant", "every": None, "factor": None}}) == {
        "schedule": {"kind": "constant"}
    }
    assert merge_patch(old, {"schedule": {"kind": "exponential", "factor": 0.9}}) == {
        "schedule": {"kind": "exponential", "factor": 0.9}
    }
    assert merge_patch(old, {"schedule": {"kind": "step", "factor": 0.9}}) == {
        "schedule": {"kind": "step", "every": 5, "factor": 0.9}
    }

"""Digests of requests: two that ask the same have the same."""

import hashlib

import orjson

from service.core.json_bytes import json_bytes


def sha256_of(content: object) -> str:
    """The SHA-256 of a JSON value, whatever the order of its names."""
    return hashlib.sha256(json_bytes(content, orjson.OPT_SORT_KEYS)).hexdigest()

"""Digests of requests: two that ask the same have the same."""

import hashlib

import orjson


def sha256_of(content: object) -> str:
    """The SHA-256 of a JSON value, whatever the order of its names."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

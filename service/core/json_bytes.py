"""JSON of a value that a client sent without a schema, such as the changes of a sweep."""

import json

import orjson


def json_bytes(value: object, option: int = 0) -> bytes:
    """The value as JSON. Unlike orjson alone, it writes whole numbers beyond 64 bits, which a schema then judges."""
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return json.dumps(value, sort_keys=bool(option & orjson.OPT_SORT_KEYS)).encode()

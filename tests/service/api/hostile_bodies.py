"""A thousand hand-written hostile bodies: malformed JSON, meaningless JSON, extreme numbers and texts.

Each body states whether it is valid, invalid, or undetermined. The service decides on an undetermined one.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.service.api.hostile_files import binary, encoded, mislabelled, tables
from tests.service.api.hostile_request import DATA, PLACEHOLDER, TEXT, X3, Y3, Hostile, at, body
from tests.service.helpers import fit_body

# Every field of a request, with the other fields that it needs.
FIELDS: dict[str, dict[str, Any]] = {
    "/dataset": {},
    "/dataset/x": {},
    "/dataset/y": {},
    "/dataset/feature_names": {},
    "/dataset/target_name": {},
    "/split": {},
    "/split/seed": {},
    "/split/shuffle": {},
    "/split/test_fraction": {},
    "/split/validation_fraction": {},
    "/split/test_rows": {},
    "/standardize": {},
    "/model": {},
    "/model/kind": {},
    "/model/intercept": {},
    "/model/degree": {"model": {"kind": "polynomial"}},
    "/model/hidden": {"model": {"kind": "mlp"}},
    "/model/activation": {"model": {"kind": "mlp"}},
    "/model/task": {"model": {"kind": "mlp"}},
    "/model/formula": {"model": {"kind": "formula"}},
    "/objective": {},
    "/objective/loss": {},
    "/objective/delta": {"objective": {"loss": "huber"}},
    "/objective/l1": {},
    "/objective/l2": {},
    "/descent": {},
    "/descent/steps": {},
    "/descent/learning_rate": {},
    "/descent/optimizer": {},
    "/descent/optimizer/kind": {"descent": {"optimizer": {}}},
    "/descent/optimizer/momentum": {"descent": {"optimizer": {"kind": "momentum"}}},
    "/descent/optimizer/beta1": {"descent": {"optimizer": {"kind": "adam"}}},
    "/descent/optimizer/epsilon": {"descent": {"optimizer": {"kind": "rmsprop"}}},
    "/descent/optimizer/weight_decay": {"descent": {"optimizer": {"kind": "adamw"}}},
    "/descent/schedule": {},
    "/descent/schedule/every": {"descent": {"schedule": {"kind": "step"}}},
    "/descent/schedule/factor": {"descent": {"schedule": {"kind": "exponential"}}},
    "/descent/schedule/rate": {"descent": {"schedule": {"kind": "inverse_time"}}},
    "/descent/theta0": {},
    "/descent/batch_size": {},
    "/descent/seed": {},
    "/descent/clip_norm": {},
    "/descent/stop": {},
    "/descent/stop/gradient_norm": {"descent": {"stop": {}}},
    "/descent/stop/loss_change": {"descent": {"stop": {}}},
    "/descent/stop/patience": {"descent": {"stop": {}}},
    "/preset": {},
    "/name": {},
    "/tags": {},
    "/deadline_seconds": {},
}
VALUES: list[Any] = [
    *(None, True, "1", "", [], {}, -1, 0, 1.5, 2**63, 10**30, 1e308, "NaN", [[]], [None], {"a": [1]}, {"kind": "gd"}),
]


def wrong_types() -> Iterator[Hostile]:
    """Every value in every field."""
    for pointer, before in FIELDS.items():
        request = fit_body(**before)
        for value in VALUES:
            changed = json.loads(json.dumps(request))
            *path, last = pointer.split("/")[1:]
            place = changed
            for name in path:
                place = place.setdefault(name, {})
            place[last] = value
            yield Hostile(f"{pointer} is {value!r}"[:80], json.dumps(changed).encode(), None)


TOKENS = [
    *(b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"0x10", b"01", b"+1", b".5", b"1.", b"1e"),
    *(b"1_000", "١".encode(), "１".encode(), "²".encode(), b"1,5", b"1 2", b"--1", b"nul", b"True", b"undefined"),
    *(b"9" * 400, b"-" + b"9" * 400, b"1." + b"3" * 5000 + b"e400", b"9" * 20_000, b"1e" + b"9" * 400, b"'1'", b"`1`"),
]
NUMBERS = [
    *("/descent/steps", "/descent/learning_rate", "/descent/seed", "/split/test_fraction", "/split/seed"),
    *("/objective/l2", "/descent/batch_size", "/descent/clip_norm"),
]


def tokens() -> Iterator[Hostile]:
    """Invalid numeric tokens in numeric fields."""
    for pointer in NUMBERS:
        text = body(**at(pointer, PLACEHOLDER))
        for token in TOKENS:
            yield Hostile(f"{pointer} is {token[:20]!r}", text.replace(f'"{PLACEHOLDER}"'.encode(), token))
    for place in ("x", "y"):
        data = {"x": [[1], [PLACEHOLDER if place == "x" else 2], [3]], "y": [1, PLACEHOLDER if place == "y" else 2, 3]}
        text = json.dumps({"dataset": data}).encode()
        for token in TOKENS:
            yield Hostile(f"{place} has {token[:20]!r}", text.replace(f'"{PLACEHOLDER}"'.encode(), token))


LEAST = [b"2", b"0.1", b"1e-400", b"-0", b"-0.0", b"1E0", b"4.9e-324", b"1e308", b"2.2250738585072014e-308"]
LARGE = [2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 2**64 + 1, -(2**63) - 1, 10**19, 10**100]


def extremes() -> Iterator[Hostile]:
    """Numbers at the limits of their range, some of which are valid."""
    for pointer in NUMBERS:
        text = body(**at(pointer, PLACEHOLDER))
        for token in LEAST:
            yield Hostile(f"{pointer} is {token!r}", text.replace(f'"{PLACEHOLDER}"'.encode(), token), None)
        for number in LARGE:
            yield Hostile(f"{pointer} is {number}", body(**at(pointer, number)), None)


STRINGS = [
    *("\0", "a\0b", "\x01\x1b[31m", "\x7f", "\u202egnp.exe", "\u200b", "\ufeff", "\uffff", "\U0010ffff", "ﷺ" * 60),
    *("e\u0301" * 50, "Ꭺ", "аdam", "gd ", " gd", "GD", "𝖌𝖉", "İ", "ß", "👩‍👩‍👧‍👦"),
    *("'; DROP TABLE runs; --", '" OR 1=1 --', "%s%n%x", "{0.__class__}", "${jndi:ldap://x}", "{{7*7}}", "<script>"),
    *("../../etc/passwd", "C:\\nul", "/dev/zero", "file:///etc/passwd", "~1~0", "a/b", "latest", "-", "NaN", "null"),
    *("a" * 201, "a" * 100_000, "\\" * 201, '"' * 201, "\n", "\r\nX: y", "\u2028"),
]
TEXTS = ["/name", "/dataset/target_name", "/model/kind", "/objective/loss", "/preset", "/descent/optimizer/kind"]


def strings() -> Iterator[Hostile]:
    """Texts with a special meaning in other systems."""
    for text in STRINGS:
        for pointer in TEXTS:
            yield Hostile(f"{pointer} is {text[:20]!r}", body(**at(pointer, text)), None)
        yield Hostile(f"tag {text[:20]!r}", body(tags={text: text}), None)
        yield Hostile(f"feature {text[:20]!r}", body(dataset={"feature_names": [text]}), None)
        yield Hostile(f"label {text[:20]!r}", body(dataset={"y": [text, "b"] * 4}, model={"kind": "logistic"}), None)
        yield Hostile(f"id {text[:20]!r}", json.dumps({"dataset": {"id": text}}).encode(), None)
        yield Hostile(f"sample {text[:20]!r}", json.dumps({"dataset": {"sample": text}}).encode())
        yield Hostile(f"formula {text[:20]!r}", body(model={"kind": "formula", "formula": text}), None)
        yield Hostile(f"theta0 by {text[:20]!r}", body(descent={"theta0": {text: 1.0}}))


def truncated() -> Iterator[Hostile]:
    """A valid body that ends too soon, or continues."""
    for text, path, step in ((TEXT, "/fit", 3), (DATA, "/datasets", 4)):
        for end in range(0, len(text), step):
            yield Hostile(f"ends after {end} bytes", text[:end], path=path)
        for more in (b"}", b"]", b",", b"{}", b"\0", b"x", text, b"/* */", b"// ", b"\x1a"):
            yield Hostile(f"goes on with {more[:9]!r}", text + more, path=path)


def deep() -> Iterator[Hostile]:
    """Lists and objects nested up to a hundred thousand times."""
    for count in (300, 100_000):
        lists, objects = b"[" * count, b'{"a":' * count
        for opened, closed in ((lists, b"]" * count), (objects, b"1" + b"}" * count)):
            for name in ("dataset", "split", "model", "objective", "descent", "tags", "name"):
                inner = b'{"' + name.encode() + b'": '
                yield Hostile(f"deep {name}, open", inner + opened)
                yield Hostile(f"deep {name}", inner + opened + closed + b"}")
            yield Hostile("deep x", b'{"dataset": {"x": ' + opened + closed + b', "y": [1, 2]}}')
            yield Hostile("deep y", b'{"x": [[1], [2]], "y": ' + opened + closed + b"}", path="/datasets")
            yield Hostile("deep all", opened + closed)
            yield Hostile("deep data", opened + closed, path="/datasets")


def duplicate_fields() -> Iterator[Hostile]:
    """Duplicate fields at every depth."""
    for pointer in FIELDS:
        name = pointer.rpartition("/")[2]
        whole = json.dumps(at(pointer, PLACEHOLDER))
        doubled = whole.replace(f'"{name}": "{PLACEHOLDER}"', f'"{name}": 1, "{name}": 1')
        yield Hostile(f"{pointer} twice", TEXT[:-1] + b"," + doubled[1:].encode())
    yield Hostile("x twice", DATA[:-1] + b', "x": [[1], [2], [3]]}', path="/datasets")
    yield Hostile("x twice, escaped", DATA[:-1] + b', "\\u0078": [[1], [2], [3]]}', path="/datasets")


UNKNOWN = [
    *("__proto__", "constructor", "prototype", "__class__", "toString", "$ref", "$where", "/dataset/x", "~0", "", " "),
    *("Dataset", "dataset ", "DATASET", "datаset", "\0", "0", "x.y", "[0]", "model_config", "self", "a" * 10_000),
]


def unknown_fields() -> Iterator[Hostile]:
    """Unknown fields."""
    for name in UNKNOWN:
        for pointer in ("", "/dataset", "/split", "/model", "/objective", "/descent", "/descent/optimizer"):
            yield Hostile(f"{pointer} has {name[:20]!r}", body(**at(pointer, {name: {"x": 1}})))
        data = json.dumps({"x": X3, "y": Y3, name: 1}).encode()
        yield Hostile(f"data has {name[:20]!r}", data, path="/datasets")


def ragged() -> Iterator[Hostile]:
    """Rows, columns and names of inconsistent lengths or types."""
    for row in range(3):
        for width in (0, 1, 3, 2_000):
            x = [list(each) for each in X3]
            x[row] = [1.0] * width
            yield Hostile(f"row {row} has {width}", body(dataset={"x": x, "y": Y3}))
            yield Hostile(f"data row {row} has {width}", json.dumps({"x": x, "y": Y3}).encode(), path="/datasets")
        values: list[Any] = [
            None,
            "1",
            1,
            {},
            [[1.0, 2.0]],
            [1.0, [2.0]],
            [1.0, None],
            [1.0, "2"],
            [1.0, True],
            [{}, {}],
        ]
        for value in values:
            wrong: list[Any] = [list(each) for each in X3]
            wrong[row] = value
            yield Hostile(f"row {row} is {value!r}", body(dataset={"x": wrong, "y": Y3}))
        labels: list[Any] = [None, [1], {}, True, "a", "1"]
        for label in labels:
            y: list[Any] = list(Y3)
            y[row] = label
            yield Hostile(f"y{row} is {label!r}", body(dataset={"x": X3, "y": y}))
    for count in (0, 1, 2, 4, 1_000):
        yield Hostile(f"y has {count}", body(dataset={"x": X3, "y": [1.0] * count}))
    for count in (0, 1, 3, 1_000):
        names: Any = [f"n{number}" for number in range(count)]
        yield Hostile(f"{count} names", body(dataset={"x": X3, "y": Y3, "feature_names": names}))
    wrong_names: list[Any] = [["a", "a"], ["y", "a"], ["", "a"], [1, 2], [None, None], ["a", ["b"]], "ab", {"a": 1}]
    for names in wrong_names:
        yield Hostile(f"names {names!r}", body(dataset={"x": X3, "y": Y3, "feature_names": names}))
    yield Hostile("1,001 features", body(dataset={"x": [[1.0] * 1_001] * 3, "y": Y3}))
    yield Hostile("a column transposed", body(dataset={"x": [[1.0, 2.0, 3.0]], "y": Y3}))


def invalid_values() -> Iterator[Hostile]:
    """Well-formed requests with invalid or excessive values."""
    wrong: list[dict[str, Any]] = [
        *({"descent": {"steps": steps}} for steps in (0, -1, 10**7 + 1, 10**9, 10**18)),
        *({"descent": {"theta0": [0.0] * count}} for count in (0, 1, 3, 10_001)),
        *({"descent": {"theta0": names}} for names in ({}, {"x1": 1.0}, {"intercept": 1.0, "x1": 1.0, "x2": 1.0})),
        *({"descent": {"seed": seed}} for seed in (-1, 2**63, 2**64, 0.5, "0")),
        *({"split": {"seed": seed}} for seed in (-1, 2**63, 2**64, 0.5, "0")),
        *({"split": {"test_fraction": share}} for share in (-0.1, 1.0, 1.5, 0.999999, 1e308)),
        *({"split": {"validation_fraction": share}} for share in (-0.1, 1.0, 0.999999)),
        *({"split": {"test_rows": rows}} for rows in ([], [8], [-1], [0, 0], list(range(8)), [2**63], [0.0], ["0"])),
        {"split": {"test_rows": [0], "test_fraction": 0.5}},
        {"split": {"test_rows": [0] * 100_000}},
        *({"model": {"kind": "polynomial", "degree": degree}} for degree in (0, -1, 31, 10**9, 2**64)),
        *({"model": {"kind": "mlp", "hidden": hidden}} for hidden in ([], [0], [-1], [10**9], [1] * 9, [100, 100])),
        *({"model": {"kind": "mlp", "hidden": [8], "activation": name}} for name in ("", "TANH", "softmax")),
        *({"model": {"kind": kind}} for kind in ("logistic", "softmax", "forest", "", "linear\0")),
        *({"objective": {"loss": "huber", "delta": delta}} for delta in (0, -1, -0.5)),
        *({"objective": {"loss": "log_loss"}}, {"objective": {"delta": 1.0}}, {"objective": {"l1": -1e-300}}),
        *({"descent": {"optimizer": {"kind": "momentum", "momentum": share}}} for share in (1.0, -0.1, 2)),
        *({"descent": {"optimizer": {"kind": "adam", name: 1.0}}} for name in ("beta1", "beta2", "momentum")),
        *({"descent": {"schedule": {"kind": "step", "every": every}}} for every in (0, -1, 0.5)),
        *({"descent": {"schedule": {"kind": "exponential", "factor": factor}}} for factor in (0, -1, 1.1)),
        {"descent": {"schedule": {"kind": "backtracking"}, "optimizer": {"kind": "adam"}}},
        {"descent": {"schedule": {"kind": "inverse_time", "rate": -1}}},
        *({"descent": {"batch_size": size}} for size in (0, -1, 10**9, 2**64)),
        *({"descent": {"stop": stop}} for stop in ({"patience": 0}, {"patience": 5}, {"loss_change": -1})),
        *({"deadline_seconds": seconds} for seconds in (0, -1, 1e300, "1", 10**9)),
        {"tags": {str(number): "" for number in range(21)}},
        {"tags": {"a:b": "c"}},
        {"dataset": {"x": [[1.0]] * 8, "feature_names": ["x1", "x2"]}},
        {"dataset": {"x": [[1e200 * row] for row in range(8)]}, "standardize": True},
    ]
    for changes in wrong:
        yield Hostile(f"invalid {str(changes)[:60]}", body(**changes))
    both = [{"id": "a", "sample": "norris"}, {"id": "a", "x": X3}]
    lists: list[Any] = [[], ["x", "x"], ["y"], ["z"], ["x=1"], ["="], ["x" * 1_001], [0], "x", ["=" * 1_000] * 1_000]
    chosen: list[Any] = [{"features": each} for each in (*lists, [f"x{number}" for number in range(100_000)])]
    chosen += [{"target": target} for target in ("", "z", "x", "x" * 1_001, 0, ["y"])]
    data: list[Any] = [{}, {"id": "none"}, {"sample": "none"}, *both, []]
    data += [{"sample": "norris", **each} for each in chosen]
    for dataset in data:
        yield Hostile(f"dataset {str(dataset)[:60]}", json.dumps({"dataset": dataset}).encode())


FORMULAS = [
    *(
        "",
        " ",
        "x1",
        "1",
        "a*x1;b",
        "a\nb",
        "a=1",
        "lambda: 0",
        "__import__('os')",
        "a.real",
        "a[0]",
        "exp.__call__(a)",
    ),
    *("9**9**9**a", "exp(" * 200 + "a" + ")" * 200, "a+" * 400 + "a", "(" * 500, "a" * 1_001, "open('/etc/passwd')"),
    *("print(a)", "a if x1 else b", "[a for a in x1]", "f'{a}'", "b'a'", "a@x1", "a//x1", "not a", "a<b", "*a", "…"),
    *(
        "exp(a, b)",
        "exp()",
        "unknown(a)",
        "a b",
        "1a",
        "a$b",
        "`a`",
        "0x1p3*a",
        "1_0*a",
        "1j*a",
        "…*a",
        "a**b**c**" * 50,
    ),
]


def formulas() -> Iterator[Hostile]:
    """Invalid formulas, and attempts to execute code."""
    for text in FORMULAS:
        yield Hostile(f"formula {text[:40]!r}", body(model={"kind": "formula", "formula": text}))


FAMILIES: list[Callable[[], Iterator[Hostile]]] = [
    *(
        wrong_types,
        tokens,
        extremes,
        strings,
        truncated,
        deep,
        duplicate_fields,
        unknown_fields,
        ragged,
        invalid_values,
        formulas,
    ),
    *(encoded, mislabelled, binary, tables),
]


def hostile_bodies() -> list[Hostile]:
    """All hostile bodies without duplicates."""
    every = (hostile for family in FAMILIES for hostile in family())
    return list({(each.path, each.kind, each.headers, each.content): each for each in every}.values())

"""The costliest requests of a few kilobytes: valid ones and refused ones, of every model, for POST /fit and /sweeps."""

from typing import Any, NamedTuple

from gd_engine.models.linear import polynomial_names

RATE = "/descent/learning_rate"
RATES = {RATE: {"from": 0.001, "to": 0.1, "count": 500}}


class Costly(NamedTuple):
    """A request, and the status of its dry run."""

    path: str
    body: dict[str, Any]
    status: int = 200


def _data(features: int, y: list[Any] | None = None) -> dict[str, Any]:
    rows = len(y or [1.0, 2.0, 4.0])
    return {"x": [[row + column % 7 for column in range(features)] for row in range(rows)], "y": y or [1.0, 2.0, 4.0]}


def _fit(features: int = 1, y: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"dataset": _data(features, y), "split": {"test_fraction": 0}, **changes}


LABELS = [f"label {number}" for number in range(60)]
LONG_FORMULA = "+".join(f"b{number}*sin(x1)*exp(-b{number}/3)" for number in range(18))
CUBIC: dict[str, Any] = {"model": {"kind": "polynomial", "degree": 3}}
NAMES = {"feature_names": [f"a{number}*" for number in range(36)]}
FITS: dict[str, dict[str, Any]] = {
    "linear": _fit(900),
    "polynomial": _fit(36, **CUBIC),
    "polynomial, names that may meet": {**_fit(36, **CUBIC), "dataset": _data(36) | NAMES},
    "polynomial, degree 30": _fit(2, model={"kind": "polynomial", "degree": 30}),
    "softmax": _fit(100, LABELS, model={"kind": "softmax"}),
    "mlp": _fit(36, model={"kind": "mlp", "hidden": [80, 70]}),
    "mlp, deep": _fit(36, model={"kind": "mlp", "hidden": [30] * 8}),
    "formula": _fit(1, model={"kind": "formula", "formula": LONG_FORMULA}),
    "long θ₀": _fit(36, **CUBIC, descent={"theta0": [0] * 9139}),
}
REFUSED_FITS: dict[str, dict[str, Any]] = {
    "polynomial, enormous": _fit(900, model={"kind": "polynomial", "degree": 30}),
    "mlp, enormous": _fit(36, model={"kind": "mlp", "hidden": [2**62] * 8}),
    "names too long": _fit(36, **CUBIC) | {"dataset": _data(36) | {"feature_names": [f"{n:0200}" for n in range(36)]}},
    "θ₀ of another length": _fit(36, **CUBIC, descent={"theta0": [0] * 9138}),
}
HIDDEN = [{"model": {"kind": "mlp", "hidden": [1 + number % 13, 1 + number // 13]}} for number in range(500)]
WHOLE = [
    {
        "split": {"test_fraction": 0.3, "seed": number},
        "model": {"kind": "polynomial", "degree": 1 + number % 30},
        "objective": {"loss": "huber", "delta": 1 + number, "l2": 0.1},
        "descent": {"optimizer": {"kind": "adam"}, "schedule": {"kind": "step", "every": 1 + number}, "seed": number},
        "standardize": number % 2 == 0,
    }
    for number in range(100)
]
NINE = [f"x{number}" for number in range(1, 10)]
SWEEPS: dict[str, dict[str, Any]] = {
    "rates of a line": {"base": _fit(900, descent={"steps": 5}), "grid": RATES},
    "rates of a formula": {"base": FITS["formula"], "grid": RATES},
    "rates and degrees": {
        "base": _fit(2, model={"kind": "polynomial"}),
        "grid": {"/model/degree": {"from": 1, "to": 25, "count": 25}, RATE: [0.01 * (1 + n) for n in range(20)]},
    },
    "hidden layers": {"base": _fit(9), "list": HIDDEN},
    "all fields": {"base": _fit(3, [0.5 * n for n in range(12)]), "list": WHOLE},
    "rates of a long θ₀": {"base": _fit(12, **CUBIC, descent={"theta0": [0] * 455}), "grid": RATES},
    "components of a long θ₀": {
        "base": _fit(9, **CUBIC, descent={"theta0": dict.fromkeys(polynomial_names(NINE, 3, intercept=True), 0)}),
        "grid": {"/descent/theta0/x1": {"from": 0.5, "to": 2, "count": 500}},
    },
    "rates of many test rows": {
        "base": _fit(1, list(range(3000)), split={"test_rows": list(range(2000))}),
        "grid": RATES,
    },
}
REFUSED_SWEEPS: dict[str, dict[str, Any]] = {
    "rates of a polynomial": {"base": _fit(36, **CUBIC), "grid": RATES},
    "rates of a perceptron": {"base": FITS["mlp"], "grid": RATES},
    "rates of a very long θ₀": {"base": FITS["long θ₀"], "grid": RATES},
    "enormous layers": {"base": _fit(9), "list": [*HIDDEN[1:], {"model": {"kind": "mlp", "hidden": [2**62]}}]},
    "a wrong last rate": {"base": _fit(36), "grid": {RATE: [*[0.1] * 499, -1]}},
}
COSTLY: dict[str, Costly] = {
    **{f"fit: {name}": Costly("/fit", body) for name, body in FITS.items()},
    **{f"fit, refused: {name}": Costly("/fit", body, 422) for name, body in REFUSED_FITS.items()},
    **{f"sweep: {name}": Costly("/sweeps", body) for name, body in SWEEPS.items()},
    **{f"sweep, refused: {name}": Costly("/sweeps", body, 422) for name, body in REFUSED_SWEEPS.items()},
}

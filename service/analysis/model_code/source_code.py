"""A model as the source of a function: Python with numpy alone, or C99."""

import json
from collections.abc import Iterable, Iterator
from string import Template

from service.analysis.model_code.expression import Call, Expression, Operation, Sum
from service.analysis.model_code.notation import Notation, written
from service.analysis.model_code.program import ExportedModel

SAME_NAMES = ("exp", "expm1", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
DEFINED = ("relu", "sigmoid", "softplus")
INVERSE = ("sin", "cos", "tan")
PYTHON = Notation(
    theta=lambda i: f"theta[{i}]",
    feature=lambda i: f"x[{i}]",
    variable=lambda i: f"z{i}",
    calls={
        **{name: f"np.{name}({{}})" for name in (*SAME_NAMES, *(f"arc{each}" for each in INVERSE), "abs")},
        "maximum": "np.maximum({}, {})",
        "minimum": "np.minimum({}, {})",
        "relu": "np.maximum({}, 0.0)",
        "sigmoid": "(0.5*(1.0 + np.tanh(0.5*({}))))",
        "softplus": "np.logaddexp(0.0, {})",
    },
)
C = PYTHON._replace(
    calls={
        **{name: f"{name}({{}})" for name in (*SAME_NAMES, *DEFINED)},
        **{f"arc{name}": f"a{name}({{}})" for name in INVERSE},
        "abs": "fabs({})",
        "maximum": "maximum({}, {})",
        "minimum": "minimum({}, {})",
    },
    power="pow({}, {})",
    infinity="INFINITY",
    nan="NAN",
)
C_FUNCTIONS = {  # NaN stays NaN, as in numpy
    "maximum": "static double maximum(double a, double b) { return a > b || a != a ? a : b; }",
    "minimum": "static double minimum(double a, double b) { return a < b || a != a ? a : b; }",
    "relu": "static double relu(double s) { return s < 0.0 ? 0.0 : s; }",
    "sigmoid": "static double sigmoid(double s) { return 0.5*(1.0 + tanh(0.5*s)); }",
    "softplus": "static double softplus(double s) { return (s < 0.0 ? 0.0 : s) + log1p(exp(-fabs(s))); }",
}

C_LIKELIEST = """  int best = 0;
  for (int k = 1; k < {}; k++)
    if (p[k] > p[best]) best = k;
  return best;"""

PYTHON_INPUT = """

def _columns(x):
    if hasattr(x, "columns"):  # a frame
        x = x[FEATURES]
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or x.shape[1] != len(FEATURES):
        raise ValueError(f"x has the shape {x.shape}, not (n, {len(FEATURES)}): a column for each of {FEATURES}.")
    return x.T
"""
PYTHON_NUMBERS = Template('''"""A model of Descent: run $run_id, step $step. It needs numpy alone."""

import numpy as np

FEATURES = $features
TARGET = $target
theta = np.array($theta)
$input

def predict(x):
    """The predictions for rows of features, shape (n, $width), in the units of the data: shape (n,)."""
    x = _columns(x)
    with np.errstate(all="ignore"):
$assignments
    return $outputs
''')
PYTHON_CLASSES = Template('''"""A model of Descent: run $run_id, step $step. It needs numpy alone."""

import numpy as np

FEATURES = $features
TARGET = $target
CLASSES = $classes
theta = np.array($theta)
$input

def probabilities(x):
    """The probabilities of the classes for rows of features, shape (n, $width), in the units of the data.

    The shape is (n, $count).
    """
    x = _columns(x)
    with np.errstate(all="ignore"):
$assignments
    return np.column_stack([$outputs])


def predict(x):
    """The likeliest class for rows of features, shape (n, $width): shape (n,)."""
    p = probabilities(x)
    return np.array(CLASSES)[$likeliest]
''')
C_NUMBERS = Template("""// A model of Descent: run $run_id, step $step. C99; link with -lm.
#include <math.h>

static const double theta[$size] = {$theta};
$functions
// The prediction of $target from x, in the units of the data: $features.
double predict(const double x[$width]) {
$assignments
  return $outputs;
}
""")
C_CLASSES = Template("""// A model of Descent: run $run_id, step $step. C99; link with -lm.
#include <math.h>

// The classes of $target.
const char *const classes[$count] = {$classes};
static const double theta[$size] = {$theta};
$functions
// Writes the probability of each class to p, and returns the place of the likeliest one.
// x has the features, in the units of the data: $features.
int predict(const double x[$width], double p[$count]) {
$assignments
$outputs
$likeliest
}
""")


def python_source(model: ExportedModel) -> str:
    """A module of Python with the function `predict`; of classes also `probabilities`. Names are in ASCII, so that none
    can end a line.
    """
    lines = [f"        z{i} = {written(each, PYTHON)}" for i, each in enumerate(model.program.assignments)]
    outputs = ", ".join(written(each, PYTHON) for each in model.program.outputs)
    return (PYTHON_CLASSES if model.classes else PYTHON_NUMBERS).substitute(
        _told(model),
        classes=ascii(model.classes),
        features=ascii(model.features),
        input=PYTHON_INPUT,
        likeliest="(p[:, 1] >= 0.5).astype(int)" if len(model.classes or ()) == 2 else "p.argmax(axis=1)",
        outputs=outputs,
        assignments="\n".join(lines),
        target=ascii(model.target),
        theta=repr(model.theta),
    )


def c_source(model: ExportedModel) -> str:
    """A file of C99 with the function `predict`."""
    lines = [f"  const double z{i} = {written(each, C)};" for i, each in enumerate(model.program.assignments)]
    outputs = [written(each, C) for each in model.program.outputs]
    used = {name for each in model.program.assignments for name in _called(each)}
    functions = [text for name, text in C_FUNCTIONS.items() if name in used]
    likeliest = "  return p[1] >= 0.5;" if len(outputs) == 2 else C_LIKELIEST.format(len(outputs))
    return (C_CLASSES if model.classes else C_NUMBERS).substitute(
        _told(model),
        classes=", ".join(_c_text(str(each)) for each in model.classes or ()),
        features=", ".join(f"x[{j}] {json.dumps(name)}" for j, name in enumerate(model.features)),
        functions="".join(f"{each}\n" for each in functions),
        likeliest=likeliest,
        outputs="\n".join(f"  p[{k}] = {each};" for k, each in enumerate(outputs)) if model.classes else outputs[0],
        assignments="\n".join(lines),
        target=json.dumps(model.target),
        theta=", ".join(map(repr, model.theta)),
    )


def _told(model: ExportedModel) -> dict[str, str | int]:
    """What both languages are told in the same words."""
    return {
        "run_id": model.run_id,
        "step": model.step,
        "width": len(model.features),
        "size": len(model.theta),
        "count": len(model.classes or ()),
    }


def _c_text(text: str) -> str:
    """A string of C: each byte of UTF-8 that could mean anything else in octal."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'


def _called(value: Expression) -> Iterator[str]:
    """The functions of an expression, with repetitions."""
    parts: Iterable[Expression] = ()
    match value:
        case Sum(terms):
            parts = terms
        case Operation(_, left, right):
            parts = (left, right)
        case Call(name, parts):
            yield name
    for part in parts:
        yield from _called(part)

"""Examples of parameters and of request bodies in the OpenAPI description; each makes a valid request."""

from typing import Any

from fastapi.openapi.models import Example

LATEST_EXAMPLES: dict[str, Example] = {"latest": {"summary": "The newest one", "value": "latest"}}
"""Swagger UI fills in an example of a parameter, and ignores an example of its schema."""
STEP_EXAMPLES: dict[str, Example] = {"first": {"summary": "The first step", "value": 0}}
FORM_EXAMPLES: dict[str, Example] = {"svg": {"summary": "A vector image", "value": "svg"}}

FIT_EXAMPLES = {
    "norris": {
        "summary": "A straight line through NIST's Norris data, standardised",
        "value": {
            "dataset": {"sample": "norris"},
            "split": {"test_fraction": 0.25, "seed": 0},
            "standardize": True,
            "model": {"kind": "linear"},
            "objective": {"loss": "mse"},
            "descent": {"steps": 100, "learning_rate": 0.1},
            "name": "Norris",
        },
    },
    "inline": {
        "summary": "Four inline points with default hyperparameters",
        "value": {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}},
    },
    "course": {
        "summary": "The course's algorithm: sum of squares, no learning rate; it diverges on unscaled data",
        "value": {"dataset": {"sample": "norris"}, "preset": "course"},
    },
    "columns": {
        "summary": "Two chosen features of a sample, and another target",
        "value": {
            "dataset": {"sample": "longley", "features": ["x1", "x2"], "target": "x6"},
            "standardize": True,
        },
    },
    "polynomial": {
        "summary": "A parabola through NIST's Misra1a data",
        "value": {
            "dataset": {"sample": "misra1a"},
            "standardize": True,
            "model": {"kind": "polynomial", "degree": 2},
            "descent": {"steps": 1000},
        },
    },
    "logistic": {
        "summary": "Female or male? Logistic regression on the Palmer penguins",
        "value": {
            "dataset": {"sample": "penguins"},
            "standardize": True,
            "model": {"kind": "logistic"},
            "descent": {"steps": 200},
        },
    },
    "formula": {
        "summary": "A custom formula: NIST's Misra1a, with parameters scaled to order one",
        "value": {
            "dataset": {"sample": "misra1a"},
            "split": {"test_fraction": 0},
            "model": {"kind": "formula", "formula": "100*b1*(1 - exp(-b2*x/1000))"},
            "descent": {
                "steps": 5000,
                "learning_rate": 5e-5,
                "optimizer": {"kind": "nesterov", "momentum": 0.99},
                "theta0": {"b1": 1.0, "b2": 1.0},
            },
        },
    },
    "function": {
        "summary": "A function without data: Rosenbrock's valley, by its formula",
        "value": {
            "function": {"formula": "(1 - a)**2 + 100*(b - a**2)**2"},
            "descent": {"theta0": {"a": -1.2, "b": 1}, "steps": 1000},
        },
    },
    "shipped function": {
        "summary": "A function that ships, by momentum; see GET /functions",
        "value": {"function": {"name": "himmelblau"}, "descent": {"optimizer": {"kind": "momentum"}}},
    },
    "perceptron": {
        "summary": "A perceptron trained by adam in mini-batches, with early stopping on validation rows",
        "value": {
            "dataset": {"sample": "penguins"},
            "split": {"test_fraction": 0.25, "validation_fraction": 0.2},
            "standardize": True,
            "model": {"kind": "mlp", "hidden": [8], "activation": "tanh", "task": "classification"},
            "descent": {
                "steps": 2000,
                "learning_rate": 0.01,
                "optimizer": {"kind": "adam"},
                "batch_size": 32,
                "stop": {"patience": 100},
            },
        },
    },
    "softmax": {
        "summary": "Three classes: softmax regression by plain gradient descent with a line search",
        "value": {
            "dataset": {
                "x": [[0.1, 1.2], [0.4, 0.9], [1.1, 0.2], [1.3, 0.4], [2.2, 1.9], [2.0, 2.3], [0.2, 1.0], [2.4, 2.1]],
                "y": ["red", "red", "green", "green", "blue", "blue", "red", "blue"],
            },
            "model": {"kind": "softmax"},
            "objective": {"l2": 0.01},
            "descent": {"steps": 50, "learning_rate": 8.0, "schedule": {"kind": "backtracking"}},
        },
    },
}

DATASET_EXAMPLES = {
    "json": {
        "summary": "Four points",
        "value": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8], "feature_names": ["age"], "target_name": "height"},
    }
}
CSV_EXAMPLES = {
    "csv": {"summary": "Four rows", "value": "age,height\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n"},
    "excel": {
        "summary": "As Excel writes it in Europe, with an index and a category",
        "value": "sep=;\n;sex;age;height\n1;f;1,5;81,2\n2;m;2;88\n3;f;2,5;91,5\n4;m;3;97,1\n",
    },
}

FORK_EXAMPLES = {
    "slower": {
        "summary": "From step 40, with a smaller learning rate",
        "value": {"from_step": 40, "changes": {"descent": {"learning_rate": 0.01}}},
    },
    "momentum": {
        "summary": "From the start, with momentum",
        "value": {"from_step": 0, "changes": {"descent": {"optimizer": {"kind": "momentum"}}, "name": "momentum"}},
    },
}

RENAME_EXAMPLES = {"name": {"summary": "Another name", "value": {"name": "heights of 36 pupils"}}}

RUN_PATCH_EXAMPLES = {
    "tags": {"summary": "A name and a tag", "value": {"name": "slow but sure", "tags": {"for": "the report"}}},
}

PREDICT_EXAMPLES = {
    "last": {"summary": "One row, by θ of the last step, for a run with one feature", "value": {"x": [[2.5]]}},
}

PREDICT_CSV_EXAMPLES = {
    "csv": {"summary": "Two rows, for a run with the feature x", "value": "x\n2.5\n300\n"},
}

CHECK_EXAMPLES: dict[str, dict[str, Any]] = {
    "factor": {
        "summary": "Two steps of a student who forgot the factor 2 of the derivative",
        "value": {
            "dataset": {"x": [[1], [2], [3]], "y": [2, 4, 6], "feature_names": ["a"]},
            "split": {"test_fraction": 0},
            "model": {"kind": "linear", "intercept": False},
            "objective": {"loss": "sse"},
            "descent": {"learning_rate": 0.01},
            "trajectory": {"theta": [[0], [0.28], [0.5208]]},
        },
    },
}

SWEEP_EXAMPLES = {
    "rates": {
        "summary": "Twelve learning rates, from very slow to diverging",
        "value": {
            "base": {"dataset": {"sample": "norris"}, "standardize": True, "descent": {"steps": 1000}},
            "grid": {"/descent/learning_rate": {"from": 0.001, "to": 2, "count": 12, "scale": "log"}},
            "name": "Learning rates",
        },
    },
    "grid": {
        "summary": "Every combination of three learning rates and three momentums",
        "value": {
            "base": {
                "dataset": {"sample": "misra1a"},
                "standardize": True,
                "descent": {"optimizer": {"kind": "momentum"}},
            },
            "grid": {
                "/descent/learning_rate": [0.01, 0.1, 0.3],
                "/descent/optimizer/momentum": [0, 0.5, 0.9],
            },
        },
    },
    "list": {
        "summary": "Three optimisers, each with its learning rate, ranked by their best step",
        "value": {
            "base": {"dataset": {"sample": "penguins"}, "standardize": True, "model": {"kind": "logistic"}},
            "list": [
                {"descent": {"optimizer": {"kind": "gd"}, "learning_rate": 1.0}},
                {"descent": {"optimizer": {"kind": "nesterov"}, "learning_rate": 0.3}},
                {"descent": {"optimizer": {"kind": "adam"}, "learning_rate": 0.05}},
            ],
            "rank_by": "best_test_mse",
        },
    },
}

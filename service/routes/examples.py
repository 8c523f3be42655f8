"""Examples in the service's description. Each runs as it stands."""

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
        "summary": "Four points sent along; everything else is the default",
        "value": {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}},
    },
    "course": {
        "summary": "The course's algorithm: sum of squares, no learning rate; it diverges on unscaled data",
        "value": {"dataset": {"sample": "norris"}, "preset": "course"},
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
}

DATASET_EXAMPLES = {
    "json": {
        "summary": "Four points",
        "value": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8], "feature_names": ["age"], "target_name": "height"},
    }
}
CSV_EXAMPLES = {"csv": {"summary": "Four rows", "value": "age,height\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n"}}

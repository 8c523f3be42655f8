"""Sample datasets of the service: NIST's reference data with certified values, and one classification dataset."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from service.datasets import ingest
from service.datasets.file_reader import read_file

NIST = "NIST Statistical Reference Datasets (public domain)"


class Sample(NamedTuple):
    """A dataset in a CSV file of this folder. `certified` are the values of the best fit, if NIST certifies them."""

    name: str
    title: str
    description: str
    source: str
    task: str
    target: str
    certified: dict[str, Any] | None


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample(
            "norris",
            "Norris: calibration of ozone monitors",
            "36 rows, one feature. The straight line y = B0 + B1 x; certified B0 = -0.262323073774029, "
            "B1 = 1.00211681802045, residual sum of squares 26.6173985294224. Unscaled, a learning rate of 1 diverges.",
            NIST,
            "regression",
            "y",
            {
                "coefficients": {"intercept": -0.262323073774029, "x": 1.00211681802045},
                "residual_sum_of_squares": 26.6173985294224,
            },
        ),
        Sample(
            "longley",
            "Longley: employment in the United States, 1947 to 1962",
            "16 rows, six features that nearly depend on each other: a famously ill-conditioned regression, slow "
            "for plain gradient descent even when standardised. Certified: B0 = -3482258.63459582, B1 = "
            "15.0618722713733, B2 = -0.0358191792925910, B3 = -2.02022980381683, B4 = -1.03322686717359, B5 = "
            "-0.0511041056535807, B6 = 1829.15146461355, residual sum of squares 836424.055505915.",
            NIST,
            "regression",
            "y",
            {
                "coefficients": {
                    "intercept": -3482258.63459582,
                    "x1": 15.0618722713733,
                    "x2": -0.0358191792925910,
                    "x3": -2.02022980381683,
                    "x4": -1.03322686717359,
                    "x5": -0.0511041056535807,
                    "x6": 1829.15146461355,
                },
                "residual_sum_of_squares": 836424.055505915,
            },
        ),
        Sample(
            "misra1a",
            "Misra1a: monomolecular adsorption in dental research",
            "14 rows, one feature (pressure). The curve y = b1 (1 - exp(-b2 x)) is not linear in its parameters; "
            "certified b1 = 238.94212918, b2 = 0.00055015643181, residual sum of squares 0.12455138894. A polynomial "
            "of degree 2, standardised, comes close.",
            NIST,
            "regression",
            "y",
            {
                "formula": "b1*(1 - exp(-b2*x))",
                "coefficients": {"b1": 238.94212918, "b2": 0.00055015643181},
                "residual_sum_of_squares": 0.12455138894,
            },
        ),
        Sample(
            "chwirut2",
            "Chwirut2: ultrasonic calibration",
            "54 rows, one feature (distance in metal). The curve y = exp(-b1 x) / (b2 + b3 x) is not linear in its "
            "parameters; certified b1 = 0.16657666537, b2 = 0.0051653291286, b3 = 0.012150007096, residual sum of "
            "squares 513.04802941. A polynomial shows how a model of the wrong form fails.",
            NIST,
            "regression",
            "y",
            {
                "formula": "exp(-b1*x)/(b2 + b3*x)",
                "coefficients": {"b1": 0.16657666537, "b2": 0.0051653291286, "b3": 0.012150007096},
                "residual_sum_of_squares": 513.04802941,
            },
        ),
        Sample(
            "penguins",
            "Palmer penguins: female or male",
            "333 penguins of the Palmer Archipelago, four measurements, two classes that overlap a little: "
            "for `logistic`, with standardize: true.",
            "Horst, Hill & Gorman (2020), palmerpenguins (CC0); data: Gorman, Williams & Fraser (2014)",
            "classification",
            "sex",
            None,
        ),
    )
}


@cache
def load(name: str) -> ingest.Incoming:
    """The dataset of the sample. Raises KeyError for an unknown name."""
    sample = SAMPLES[name]
    with (
        (Path(__file__).parent / f"{name}.csv").open("rb") as file,
        read_file(file, target=sample.target, features=None, header=True, max_rows=10_000, max_columns=100) as table,
    ):
        incoming = ingest.from_table(table, name)
        blocks = list(incoming.blocks())
    return ingest.Incoming(incoming.described, lambda: blocks)

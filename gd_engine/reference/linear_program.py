"""Linear programs within a budget: the iterations of the solver are counted, so that no clock decides a result."""

from typing import Any

import numpy as np

from gd_engine.reference.objective import GUARD, Charge

MOST_CELLS = 2_000_000
START_SECONDS, CELL_SECONDS = 2e-3, 2e-6
"""Estimates for the solver's start, and for a number of the constraints: right to a factor of three for 40 to 500,000
numbers of 2 to 100 columns."""


def solve(budget: Charge, rows: int, columns: int, iteration_seconds: float, **program: Any) -> Any:
    """SciPy's result of a program of so many constraints on so many variables, or the reverse; None if unsolved.

    The dual simplex method of HiGHS has as many iterations as the budget affords at `iteration_seconds` for each row
    and column. Its work is charged. A clock only ends what takes GUARD times as long.
    """
    from scipy.optimize import linprog  # noqa: PLC0415 - few runs need it, and it takes longer to import than they do

    seconds, iteration = START_SECONDS + CELL_SECONDS * rows * columns, iteration_seconds * (rows + columns)
    left = budget(0.0)
    most = int((left - seconds) / iteration)
    if rows * columns > MOST_CELLS or most < 1:
        return None
    options = {"maxiter": min(most, np.iinfo(np.int32).max), "time_limit": GUARD * left}
    found = linprog(**program, method="highs-ds", options=options)
    budget(seconds + iteration * found.nit)
    return found if found.status == 0 else None

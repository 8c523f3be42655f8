"""The reference minimum of a finished descent, and its convergence.

SciPy is imported where it is first needed: a quadratic E needs none.
"""

from gd_engine.reference.convergence import Convergence, judge, least_step
from gd_engine.reference.minimum import Reference, is_convex, load_methods, reference_minimum
from gd_engine.reference.objective import GUARD, MOST_CURVED, BudgetSpentError, Charge
from gd_engine.reference.review import reviewed
from gd_engine.reference.shortfall import find as find_shortfall

__all__ = [
    "GUARD",
    "MOST_CURVED",
    "BudgetSpentError",
    "Charge",
    "Convergence",
    "Reference",
    "find_shortfall",
    "is_convex",
    "judge",
    "least_step",
    "load_methods",
    "reference_minimum",
    "reviewed",
]

"""The reference minimum of a finished descent, and its convergence.

SciPy is imported where it is first needed: a quadratic E needs none.
"""

from gd_engine.reference.convergence import Convergence, judge, least_step
from gd_engine.reference.minimum import Reference, is_convex, load_methods, reference_minimum
from gd_engine.reference.objective import Budget, BudgetSpentError

__all__ = [
    "Budget",
    "BudgetSpentError",
    "Convergence",
    "Reference",
    "is_convex",
    "judge",
    "least_step",
    "load_methods",
    "reference_minimum",
]

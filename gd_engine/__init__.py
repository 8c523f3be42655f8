"""Gradient descent with autograd on numpy arrays; `descend` returns every step.

The package depends on numpy, SciPy and autograd alone; HTTP, SQL, clocks and logging are the caller's.
"""

from gd_engine.benchmark_functions import BENCHMARK_FUNCTIONS, BenchmarkFunction
from gd_engine.data.preprocessing import Scaling, Split, share_of, split_by_fraction, split_by_rows
from gd_engine.descent.automatic_rate import NoLearningRateError, NotFiniteError, auto_learning_rate
from gd_engine.descent.batched import FEWEST, BatchedDescent, largest_batch
from gd_engine.descent.closed_form import optimum
from gd_engine.descent.cost import Cost, cost_of
from gd_engine.descent.loop import descend, start, ways
from gd_engine.descent.trajectory import Block, Outcome, State, state_from
from gd_engine.diagnosis import Choices, Finding, History, Stretch, diagnose
from gd_engine.diagnosis.context import OF_COLUMNS, TOO_SHORT, null_energy
from gd_engine.diagnosis.plateau import MOST_SEARCHED, MOST_TRIED, search_theta0
from gd_engine.diagnosis.remaining_gap import FEW_TEST_ROWS
from gd_engine.formula.compiler import CONSTANTS, FUNCTIONS, FormulaError
from gd_engine.function_problem import pose_function
from gd_engine.losses import LOSSES, losses_for
from gd_engine.models.base import Model, initial_theta, normal_theta
from gd_engine.models.registry import MODELS
from gd_engine.models.shape import SHAPES, Shape, function_shape
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.early_stopping import Stop
from gd_engine.optim.optimizers import OPTIMIZERS, Optimizer
from gd_engine.optim.schedules import SCHEDULES
from gd_engine.problem import Problem, TargetScaling, column_names, feature_scaling, pose, pose_blocks

__all__ = [
    "BENCHMARK_FUNCTIONS",
    "CONSTANTS",
    "FEWEST",
    "FEW_TEST_ROWS",
    "FUNCTIONS",
    "LOSSES",
    "MODELS",
    "MOST_SEARCHED",
    "MOST_TRIED",
    "OF_COLUMNS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SHAPES",
    "TOO_SHORT",
    "BatchedDescent",
    "BenchmarkFunction",
    "Block",
    "Choices",
    "Cost",
    "DescentConfig",
    "Finding",
    "FormulaError",
    "History",
    "Model",
    "NoLearningRateError",
    "NotFiniteError",
    "Optimizer",
    "Outcome",
    "Problem",
    "Scaling",
    "Shape",
    "Split",
    "State",
    "Stop",
    "Stretch",
    "TargetScaling",
    "auto_learning_rate",
    "column_names",
    "cost_of",
    "descend",
    "diagnose",
    "feature_scaling",
    "function_shape",
    "initial_theta",
    "largest_batch",
    "losses_for",
    "normal_theta",
    "null_energy",
    "optimum",
    "pose",
    "pose_blocks",
    "pose_function",
    "search_theta0",
    "share_of",
    "split_by_fraction",
    "split_by_rows",
    "start",
    "state_from",
    "ways",
]

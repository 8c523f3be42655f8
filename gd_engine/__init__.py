"""Gradient descent with autograd: numpy in, every step out. Knows nothing of HTTP, SQL, clocks or logging."""

from gd_engine.data import Split, split_by_fraction, split_by_rows
from gd_engine.descent import Block, Outcome, State, column_names, descend, start
from gd_engine.gradients import NoLearningRateError, auto_learning_rate
from gd_engine.models import MODELS, Model
from gd_engine.objectives import LOSSES, losses_for
from gd_engine.optimizers import OPTIMIZERS
from gd_engine.problem import Problem, pose

__all__ = [
    "LOSSES",
    "MODELS",
    "OPTIMIZERS",
    "Block",
    "Model",
    "NoLearningRateError",
    "Outcome",
    "Problem",
    "Split",
    "State",
    "auto_learning_rate",
    "column_names",
    "descend",
    "losses_for",
    "pose",
    "split_by_fraction",
    "split_by_rows",
    "start",
]

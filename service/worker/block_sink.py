"""Where a training's blocks go."""

from typing import Protocol

from gd_engine import Block
from gd_engine.arrays import FloatArray


class BlockSink(Protocol):
    """Takes the blocks of one run in order: one sink stores them, one compares them with what is stored."""

    def take(self, block: Block, columns: FloatArray) -> bool:
        """Whether the run has left the worker with this block: it is over, or the lease has an ending for it.

        `columns` is the block as it is stored, shape (θ's components and columns, rows). Raises LeaseLostError.
        """

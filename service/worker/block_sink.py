"""Interface of the consumers of a training's blocks."""

from typing import Protocol

from gd_engine import Block
from gd_engine.arrays import FloatArray
from service.worker.judgement import Unjudged


class BlockSink(Protocol):
    """Consumer of the blocks of one run, in order. `BlockStorage` stores them, `BlockComparison` verifies them.

    `unjudged` is the finished run that is still to be judged, if there is one.
    """

    unjudged: Unjudged | None

    def take(self, block: Block, columns: FloatArray) -> bool:
        """Consumes a block. True if the run ended with it: by its outcome, by the lease's ending, or by a difference.

        `columns` is the stored form of the block, shape (θ's components and columns, rows). Raises LeaseLostError.
        """

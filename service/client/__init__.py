"""Client of a Descent service.

    from service.client import Descent

    run = Descent().fit([[1], [2], [3], [4]], [2, 4, 6, 8])
    print(run.coefficients, run.test_mse)

`AsyncDescent` has the same methods for asyncio.
"""

from service.client.asynchronous.descent import AsyncDescent
from service.client.asynchronous.runs import AsyncRun
from service.client.asynchronous.sweeps import AsyncSweep
from service.client.errors import DescentError, NotReachableError, RunFailedError, ServiceError
from service.client.event_stream import Event
from service.client.synchronous.descent import Descent
from service.client.synchronous.runs import Run
from service.client.synchronous.sweeps import Sweep
from service.client.trajectory import Trajectory

__all__ = [
    "AsyncDescent",
    "AsyncRun",
    "AsyncSweep",
    "Descent",
    "DescentError",
    "Event",
    "NotReachableError",
    "Run",
    "RunFailedError",
    "ServiceError",
    "Sweep",
    "Trajectory",
]

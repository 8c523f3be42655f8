"""Resource limits of a process: BLAS threads, address space, open files, garbage collection."""

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment variables that restrict BLAS to one thread, because the processes share the cores."""

NEW_OBJECTS = 10_000
"""New objects before a garbage collection. Python's 700 are fewer than the lists of one small dataset in JSON."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Suspends garbage collection for imports, whose objects live until the exit of the process.

    Afterwards collections are rare and do not look at these objects: a tenth of the start and of a submission's time,
    and the longest pauses of the process.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS)
        gc.enable()


def bound_memory(most: int) -> None:
    """Limits the address space of this process to `most` bytes, on systems that support the limit."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def memory_bound() -> float:
    """The limit of the address space of this process in bytes; infinity without one."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return math.inf
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if most == resource.RLIM_INFINITY else most


MALLOC_ARENAS, MALLOC_MMAP = (-8, 2), (-3, 2 * 1024 * 1024)
"""M_ARENA_MAX of glibc's malloc.h, and the number of arenas of this process; M_MMAP_THRESHOLD, and the size from
which on a block returns to the system when it is freed, such as a chunk of a dataset."""


def bound_arenas() -> None:
    """Limits glibc's arenas of memory, and the size of their blocks. Each keeps the most that its threads once needed:
    with one a thread, long trajectories doubled the memory of the API.
    """
    try:
        import ctypes  # noqa: PLC0415 - not on every system

        library = ctypes.CDLL(None)
        library.mallopt(*MALLOC_ARENAS)
        library.mallopt(*MALLOC_MMAP)
    except (ImportError, OSError, AttributeError, TypeError):  # another C library
        return


def return_memory() -> None:
    """Returns the free memory of glibc's arenas to the system. Without it they keep what slow readers once needed."""
    try:
        import ctypes  # noqa: PLC0415 - not on every system

        ctypes.CDLL(None).malloc_trim(0)
    except (ImportError, OSError, AttributeError, TypeError):  # another C library
        return


OTHER_FILES = 1024
"""Open files besides the connections: database files, uploads in progress, listeners."""


def allow_open_files(connections: int) -> None:
    """Raises the limit of open files to `connections` and OTHER_FILES, up to the hard limit of the system."""
    try:
        import resource  # noqa: PLC0415 - Windows has neither the module nor the limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

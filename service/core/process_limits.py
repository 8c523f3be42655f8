"""What a process that computes may have of the machine: one core, and so much memory."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Of its environment. Two processes' matrix products would otherwise fight for all cores."""


def bound_memory(most: int) -> None:
    """Lets this process have at most so many bytes of address space, where the system can be told so."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


OTHER_FILES = 1024
"""Open files besides the connections: the database's, uploads under way, listeners."""


def allow_open_files(connections: int) -> None:
    """Lets the process have so many connections open, as far as the system lets it."""
    try:
        import resource  # noqa: PLC0415 - Windows has neither the module nor the limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

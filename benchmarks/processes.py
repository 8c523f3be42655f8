"""A process in Linux's /proc: its memory, its CPU time, its children."""

import os
import sys
from pathlib import Path

HAS_PROC = sys.platform == "linux"
PROC = Path("/proc")


def memory(pid: int, field: str) -> float:
    """MB of VmRSS (now) or VmHWM (the most since the last reset)."""
    status = (PROC / str(pid) / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) / 1024


def reset_peak(pid: int) -> None:
    """Resets VmHWM (proc_pid_clear_refs(5))."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far, in steps of a clock tick, mostly 10 ms."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The process's child processes, whichever thread started them."""
    tasks = (PROC / str(pid) / "task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]

"""`python -m benchmarks [NAME...]`: each benchmark with its baseline, as a table; fails if a bar is missed."""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness import Benchmark, Result
from service.storage.sqlite.engine import sqlite_module

BENCHMARKS = {
    "trajectory": "100,000 steps × 10 parameters as JSON, beside orjson alone",
    "memory": "the memory that five readers of that trajectory cost the API",
    "submit": "POST /fit, beside a bare FastAPI route and one INSERT",
    "predict": "a million rows predicted from CSV, beside the reading of that file alone",
    "startup": "from `descent serve` to its first answer",
    "dispatch": "from a submission to its start on an idle service",
    "page": "opening the page of 100,000 steps, and moving about in it",
    "sweep": "100 learning rates × 1,000 steps, from the submission to the ranking",
    "idle": "what a service without work costs",
    "store": "appending and reading steps, beside a row a step",
    "linear": "linear regression, beside autograd's, PyTorch's and JAX's loops",
    "nonlinear": "the same of models that are not linear",
    "rules": "the optimisers beside those of PyTorch, step by step",
    "judgement": "the judgement of a run, as a share of a fifth of the run or 50 ms",
    "cost": "the estimated cost of a step, beside its computing time",
    "longley": "a million steps on NIST's Longley data, and their memory",
}
HEADINGS = ("Benchmark", "Descent", "Yardstick", "Ratio", "Bar", "Met")


def main() -> int:
    """Runs the named benchmarks. Returns 1 if a bar is missed."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 180)
    results: list[Result] = []
    for name in options.names or BENCHMARKS:
        console.print(f"[dim]{name}: {BENCHMARKS[name]} …[/dim]")
        benchmark: Benchmark = import_module(f"benchmarks.{name}").run
        results += benchmark()
    console.print(_table(results))
    console.print(f"[dim]{_machine()}[/dim]")
    if options.markdown:
        options.markdown.write_text(_markdown(results), encoding="utf-8")
        console.print(f"Written to {options.markdown}")
    return 1 if any(result.met is False for result in results) else 0


def _options() -> argparse.Namespace:
    listed = "\n".join(f"  {name:<12}{text}" for name, text in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures Descent beside what a user would pick instead, both in the same run, in turn.",
        epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; default: all")
    parser.add_argument(
        "--markdown",
        nargs="?",
        type=Path,
        metavar="FILE",
        const=Path(__file__).parent / "results.md",
        help="write the table as Markdown too; default: benchmarks/results.md",
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):  # choices= would refuse a command without names
        parser.error(f"there is no benchmark {' '.join(sorted(unknown))}; see --help")
    return options


def _cells(result: Result) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[result.met]
    return (result.what, result.ours, result.yardstick, result.ratio, result.bar, met)


def _table(results: Sequence[Result]) -> Table:
    table = Table(*HEADINGS, caption="Medians, with the middle half of the rounds in brackets.")
    for result in results:
        table.add_row(*_cells(result), style="red" if result.met is False else None)
    return table


def _markdown(results: Sequence[Result]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(_cells, results)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"# Benchmarks\n\nMedians, with the middle half of the rounds in brackets. {_machine()}\n\n{table}\n"


def _machine() -> str:
    sqlite = sqlite_module().sqlite_version
    return f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite}."


if __name__ == "__main__":
    sys.exit(main())

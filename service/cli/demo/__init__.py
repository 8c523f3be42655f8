"""The demonstration: one data set, three learning rates, and what both criteria do at every step.

It talks to a service that is already running, over HTTP alone, so it shows what any client would see.
"""

from pathlib import Path

import httpx2
from rich.console import Console

from service.cli.demo import report
from service.cli.demo.runner import ATTEMPTS, DemoError, descend, save_csv

__all__ = ["DemoError", "run_demo"]


def run_demo(client: httpx2.Client, folder: Path, console: Console) -> list[Path]:
    """Fit Norris three times, show what happened and write the files; return their paths.

    Raises `DemoError` if the service does not answer, refuses, or a run fails.
    """
    console.print(report.heading())
    outcomes, paths = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attempt in ATTEMPTS:
            outcome = descend(client, attempt)
            console.print(report.section(outcome, console.width))
            paths.append(save_csv(client, outcome.run["id"], folder / f"norris-{attempt.verb}.csv"))
            outcomes.append(outcome)
        paths.append(folder / "norris.svg")
        paths[-1].write_text(report.picture(outcomes), encoding="utf-8")
    except httpx2.HTTPError as error:
        raise DemoError(f"the service at {client.base_url} does not answer: {error}") from error
    except OSError as error:
        raise DemoError(f"cannot write to {folder}: {error}") from error
    except (LookupError, TypeError, ValueError) as error:
        raise DemoError(f"the service's answer is not what its contract promises: {error!r}") from error
    console.print(report.comparison(outcomes), report.moral(outcomes))
    console.print(report.files(paths), soft_wrap=True)  # a long path is worth more whole than folded
    return paths

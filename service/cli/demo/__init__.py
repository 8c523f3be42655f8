"""The demonstration: one dataset, three learning rates, both criteria at every step.

It uses a running service over HTTP alone, as any client does.
"""

from pathlib import Path

import httpx2
from rich.console import Console

from service.cli.demo import report
from service.cli.demo.runner import ATTEMPTS, DemoError, descend, save_csv

__all__ = ["DemoError", "run_demo"]


def run_demo(client: httpx2.Client, folder: Path, console: Console) -> list[Path]:
    """Fits Norris three times, prints the results and writes the files; returns their paths.

    Raises DemoError if the service does not answer, refuses a request, or a run fails.
    """
    console.print(report.heading())
    outcomes, paths = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attempt in ATTEMPTS:
            outcome = descend(client, attempt)
            console.print(report.section(outcome, console.width))
            paths.append(save_csv(client, outcome.run_id, folder / f"norris-{attempt.verb}.csv"))
            outcomes.append(outcome)
        paths.append(folder / "norris.svg")
        paths[-1].write_text(report.picture(outcomes), encoding="utf-8")
    except httpx2.HTTPError as error:
        raise DemoError(f"The service at {client.base_url} does not answer: {error}") from error
    except OSError as error:
        raise DemoError(f"Cannot write to {folder}: {error}. Choose another --folder.") from error
    except (LookupError, TypeError, ValueError) as error:
        raise DemoError(f"The service's answer breaks the HTTP contract: {error!r}") from error
    console.print(report.comparison(outcomes), report.explanation(outcomes))
    console.print(report.files(paths), soft_wrap=True)  # keeps a long path on one line
    return paths

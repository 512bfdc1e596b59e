"""Let other tools install themselves before a benchmark."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from autotl.bench.entry import Entrant
from autotl.bench.measure import with_this_python

INSTALL_SECONDS = 3600.0
"""Seconds that the installation of a peer may take."""


def install_peers(taking_part: Sequence[Entrant], report: Callable[[str], None]) -> dict[str, str]:
    """Let each peer install itself, and return the failures by name.

    Args:
        taking_part: The entrants.
        report: Receives lines of progress.
    """
    failures = {}
    for entrant in taking_part:
        if entrant.peer is None:
            continue
        report(f"Preparing {entrant.name}.")
        try:
            done = subprocess.run(
                [*with_this_python(entrant.peer.command), "prepare", entrant.name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            failures[entrant.name] = f"It could not be installed: {error}"
            continue
        if done.returncode:
            output = (done.stdout + done.stderr).strip().splitlines()[-8:]
            failures[entrant.name] = "It could not be installed: " + "\n".join(output)
    return failures

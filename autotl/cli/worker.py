"""The command that lets this machine work on a run that another process leads."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import autotl
from autotl.cli.app import app, see_here
from autotl.cli.options import Device, Quiet, Storage
from autotl.safe import console


@app.command()
def worker(
    run: Annotated[str, typer.Option(help="The run folder as seen from here, or the run's name.")],
    storage: Storage = None,
    metric: Annotated[str | None, typer.Option(help="The run's own module:function, given again.")] = None,
    name: Annotated[str | None, typer.Option(help="Instead of this machine's name and process.")] = None,
    idle: Annotated[str, typer.Option(help="Leave after so long without work: 60s, 10m, 2h.")] = "60s",
    device: Device = "auto",
    cache: Annotated[
        Path | None, typer.Option(help="Folder for images and activations, instead of the run's.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run trials of the RUN that an 'autotl fit --executor queue' leads, here or on another machine."""
    see_here(metric)
    shown = console(markup=False)
    # as Ctrl-C: the job in hand goes to another worker at once
    signal.signal(signal.SIGTERM, _interrupt)
    autotl.join(
        run,
        storage=storage,
        metric=metric,
        name=name,
        idle=idle,
        device=device,
        cache=cache,
        say=(lambda text: None) if quiet else lambda text: shown.print(text, soft_wrap=True),
    )


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt

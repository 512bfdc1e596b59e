"""The commands: each a call of the library, and its result in words or JSON."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

import autotl
from autotl import report, terminal
from autotl.api import Watch
from autotl.cli.app import app, print_json, see_here
from autotl.cli.help import InPanels
from autotl.cli.options import (
    AllBackbones,
    Backbone,
    Clean,
    Curves,
    Data,
    Device,
    Ensemble,
    Experience,
    Group,
    Image,
    Json,
    Label,
    MaxLatency,
    MaxSize,
    Metric,
    Preset,
    Quiet,
    Reweight,
    Run,
    Seed,
    Side,
    Source,
    Storage,
    Strategy,
    Test,
    Without,
)
from autotl.clock import WallClock
from autotl.escaping import console


@app.command(cls=InPanels)
def fit(
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The new folder for the model and the report. Default: autotl-runs/DATA-TIME.",
            metavar="FOLDER",
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="Wall-clock time: 90s, 10m, 2h. Default: the preset's.")
    ] = None,
    preset: Preset = "balanced",
    backbone: Backbone = None,
    metric: Metric = "accuracy",
    label: Label = None,
    group: Group = None,
    test: Test = 0.2,
    image: Image = None,
    source: Source = None,
    clean: Clean = "report",
    seed: Seed = 0,
    trials: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="At most this many trials.")
    ] = None,
    strategy: Strategy = None,
    without: Without = None,
    image_size: Side = None,
    reweight: Reweight = False,
    all_backbones: AllBackbones = None,
    experience: Experience = True,
    curves: Curves = None,
    ensemble: Ensemble = False,
    max_latency: MaxLatency = None,
    max_size: MaxSize = None,
    device: Device = "auto",
    executor: Annotated[
        str, typer.Option(metavar="NAME", help="Where trials run; see 'autotl plugins'.")
    ] = "auto",
    workers: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Trials that run at once, each in a process.")
    ] = 1,
    processes: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Processes that train each network, one on each GPU.")
    ] = 1,
    storage: Storage = None,
    cache: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Disk for images and activations: 2GiB, or off. Default: as free."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the best way to transfer to DATA, train it, and say what, when and how."""
    see_here(metric)
    result = autotl.fit(
        data,
        preset=preset,
        out=out,
        backbone=backbone or "auto",
        source=source,
        budget=budget,
        trials=trials,
        strategies=strategy or (),
        without=without or (),
        metric=metric,
        image_size=image_size,
        max_latency=max_latency,
        max_size=max_size,
        test=test,
        image=image,
        label=label,
        group=group,
        device=device,
        executor=executor,
        workers=workers,
        storage=storage,
        processes=processes,
        cache=cache,
        clean=clean,
        reweight=reweight,
        all_backbones=all_backbones,
        experience=experience,
        curves=curves,
        ensemble=ensemble,
        seed=seed,
        watch=watch_of(quiet or as_json),
    )
    show_result(result, as_json=as_json, quiet=quiet)
    if not (quiet or as_json):
        show_next(console(), next_steps(result.folder))


@app.command()
def resume(
    run: Run,
    budget: Annotated[
        str | None, typer.Option(help="More wall-clock time in all than it was begun with.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="More trials in all.")] = None,
    device: Annotated[str | None, typer.Option(help="Another than before: auto, cpu, cuda, cuda:1 …")] = None,
    executor: Annotated[str | None, typer.Option(help="Where trials run, other than before.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many trials run at once from now on.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Its own module:function, given again.")] = None,
    storage: Annotated[
        str | None, typer.Option(help="Its database, given again with the password; or AUTOTL_STORAGE.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many train each network together.")
    ] = None,
    cache: Annotated[str | None, typer.Option(help="Disk that its cache may take: 2GiB, or off.")] = None,
    ensemble: Annotated[
        bool | None,
        typer.Option("--ensemble/--no-ensemble", help="Whether several trials may answer together."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Resume a RUN that was interrupted or killed, or a finished one with a larger budget."""
    see_here(metric)
    result = autotl.resume(
        run,
        metric=metric,
        budget=budget,
        trials=trials,
        device=device,
        executor=executor,
        workers=workers,
        storage=storage,
        processes=processes,
        cache=cache,
        ensemble=ensemble,
        watch=watch_of(quiet or as_json),
    )
    show_result(result, as_json=as_json, quiet=quiet)


@app.command()
def analyze(
    data: Data,
    backbone: Backbone = None,
    source: Source = None,
    image: Image = None,
    label: Label = None,
    group: Group = None,
    image_size: Side = None,
    test: Test = 0.2,
    without: Without = None,
    device: Device = "auto",
    experience: Experience = True,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Profile DATA without training: faults, likeness to each source, and which backbone promises most."""
    profile = autotl.analyze(
        data,
        backbone=backbone or "auto",
        source=source,
        image=image,
        label=label,
        group=group,
        image_size=image_size,
        test=test,
        without=without or (),
        device=device,
        experience=experience,
        seed=seed,
        watch=watch_of(as_json),
    )
    if as_json:
        print_json(profile)
    else:
        report.show_sections(report.profile_sections(report.parse(profile)), console())


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(autotl.__version__)
        raise typer.Exit


def watch_of(silent: bool) -> Watch:
    return terminal.Silence() if silent else terminal.watch(WallClock())


def show_result(result: Any, *, as_json: bool, quiet: bool) -> None:
    """Print the report as JSON, or the leaderboard, the verdict and where the files are."""
    if as_json:
        print_json(result.report)
    elif not quiet:
        shown, document = console(), report.parse(result.report)
        shown.print()
        shown.print(report.leaderboard(document, shown))
        shown.print()
        show_lines(shown, result.verdict["sentence"], style="bold")
        show_lines(shown, *report.warning_lines(document), style="bold red")
        show_lines(shown, *report.result_lines(document))
        show_lines(shown, f"Report: {result.folder / 'report.html'}", f"Model:  {result.folder / 'model'}")


def show_next(shown: Console, steps: Sequence[tuple[str, str]]) -> None:
    """Print what a user may type next; each step is what for, and the command."""
    wide = max(len(what) for what, _ in steps) + 2
    lines = [f"  {what + ':':{wide}}{how}" for what, how in steps]
    show_lines(shown, "\nNext:", style="bold")
    if shown.is_terminal and max(map(len, lines)) > shown.width:  # a command has a line of its own
        for what, how in steps:
            shown.print(Text(f"  {what}:"), Padding(Text(how), (0, 0, 0, 4)), sep="\n")
    else:
        show_lines(shown, *lines)


def next_steps(folder: Path) -> list[tuple[str, str]]:
    """Return the usual next steps after a fit: a description and a command each."""
    run = shlex.quote(str(folder))
    return [
        ("See the report", f"open {folder / 'report.html'} in a browser"),
        ("Label images", f"autotl predict {run} NEW_IMAGES --out labels.csv"),
        ("Search longer", f"autotl resume {run} --budget TIME"),
    ]


def show_lines(shown: Console, *lines: str, style: str | None = None) -> None:
    """Print each line as it is: wrapped at words in a terminal, whole in a file or pipe."""
    for line in lines:
        shown.print(line, style=style, markup=False, soft_wrap=not shown.is_terminal)

"""The commands that use a trained model."""

from __future__ import annotations

import sys
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import autotl
from autotl import jsonio
from autotl.cli.app import app, print_json, see_here
from autotl.cli.options import Data, Device, Image, Json, Label, Run


@app.command()
def predict(
    run: Run,
    paths: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    out: Annotated[Path | None, typer.Option(help="Write the table here instead of standard output.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="The K likeliest classes, a row each.")] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Label images with the model of a RUN: path, label, probability."""
    table = autotl.load(run, device=device).predict(paths, top=top)
    if out is not None:
        jsonio.write_text(out, table.to_csv(index=False))
        Console(stderr=True).print(f"{len(table)} rows in {out}")
    elif as_json:
        print_json(table.to_dict(orient="records"))
    else:
        table.to_csv(sys.stdout, index=False)


@app.command()
def evaluate(
    run: Run,
    data: Data,
    metric: Annotated[str | None, typer.Option(help="Another metric than the run's own; as for fit.")] = None,
    image: Image = None,
    label: Label = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Score the model of a RUN on other labelled images."""
    see_here(metric)
    found = autotl.load(run, device=device).evaluate(data, metric=metric, image=image, label=label)
    if as_json:
        print_json(found)
        return
    console = Console()
    low, high = found.ci95
    ends = (
        f"95% interval {low:.3f} – {high:.3f}"
        if isfinite(low)
        else "no interval: the metric fails on samples"
    )
    known = found.always_majority
    commonest = "" if known is None else f"; by the share of each class alone: {known:.3f}"
    if found.percent and known is not None:
        commonest = f"; always naming the commonest class: {known:.3f}"
    console.print(
        f"{found.metric} [bold]{found.value:.3f}[/] ({ends}) "
        f"on {found.n} images{'' if found.higher_is_better else ' (lower is better)'}{commonest}",
        highlight=False,
    )
    for each in found.per_class:
        if each.recall is not None and each.recall_ci95 is not None:
            ends = " – ".join(f"{end:.3f}" for end in each.recall_ci95)
            said = f"{each.recall:6.3f} ({ends}) of {each.n:4d}  {each.name}"
            console.print(said, highlight=False, markup=False)

"""Define the command that explores images without labels."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import autotl
from autotl.cli.app import app, print_json
from autotl.cli.generated_options import Device, Image, Json, Quiet, Seed, option
from autotl.cli.results import show_lines, show_next, watch_of
from autotl.escaping import console

if TYPE_CHECKING:
    from autotl.exploration.result import Exploration

MAX_SHOWN = 30
"""Clusters that the summary lists."""

_IMAGES = typer.Argument(help="A folder, a zip or a table of images; labels are ignored.")
_OUT = typer.Option(
    help="The new folder for page and tables; an interrupted exploration resumes there. With --labels: the "
    "new table.",
    metavar="PATH",
)
_CLUSTERS = typer.Option(help="The number of clusters. Default: chosen by stability.", metavar="K")
_MAX_CLUSTERS = typer.Option(help="The largest number of clusters to try.", metavar="K")
_SOURCE = typer.Option(
    help="Labelled images of other classes: distances then ignore what varies within them, if it helps.",
    metavar="DATA",
)
_PROJECTION = typer.Option(help="The map: auto, umap, tsne or pca.", metavar="NAME")
_LABELS = typer.Option(
    help="An explored folder with labels filled in: write the labelled images to --out, a table for fit.",
    metavar="FOLDER",
)
_OF_LABELS = ("images", "out", "labels", "as_json", "quiet")
"""Parameters that may be given with --labels, or have a message of their own."""


@app.command()
def explore(
    context: typer.Context,
    images: Annotated[str | None, _IMAGES] = None,
    source: Annotated[str | None, _SOURCE] = None,
    out: Annotated[Path | None, _OUT] = None,
    backbone: Annotated[list[str] | None, option("backbone")] = None,
    clusters: Annotated[int | None, _CLUSTERS] = None,
    max_clusters: Annotated[int, _MAX_CLUSTERS] = 30,
    image: Image = None,
    image_size: Annotated[int | None, option("image_size")] = None,
    projection: Annotated[str, _PROJECTION] = "auto",
    labels: Annotated[Path | None, _LABELS] = None,
    device: Device = "auto",
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explore IMAGES without labels: clusters, a map, outliers and copies."""
    if labels is not None:
        _write_labelled(context, labels, images, out, as_json=as_json, quiet=quiet)
        return
    if images is None:
        raise typer.BadParameter("IMAGES is missing. Give a folder: autotl explore PHOTOS --out explored")
    found = autotl.explore(
        images,
        source=source,
        out=out,
        backbone=backbone or "auto",
        clusters=clusters,
        max_clusters=max_clusters,
        image=image,
        image_size=image_size,
        projection=projection,
        device=device,
        seed=seed,
        watch=watch_of(quiet or as_json),
    )
    if as_json:
        print_json(found.document)
    elif not quiet:
        _show(found)


def _refuse_others(context: typer.Context) -> None:
    """Refuse options that --labels does not use."""
    for name in context.params:
        given_by = context.get_parameter_source(name)
        if name not in _OF_LABELS and given_by is not None and given_by.name == "COMMANDLINE":
            flag = name.replace("_", "-")
            raise typer.BadParameter(f"--{flag} must not be given with --labels. Leave it out.")


def _write_labelled(
    context: typer.Context,
    labels: Path,
    images: str | None,
    out: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the table of labelled images, and print the counts.

    Args:
        context: The call, which must have no other options.
        labels: The explored folder.
        images: The images, which must not be given.
        out: The table to write.
        as_json: Whether the counts are printed as JSON.
        quiet: Whether nothing is printed.
    """
    from autotl.exploration.labelled import write_labelled

    _refuse_others(context)
    if images is not None:
        raise typer.BadParameter(f"IMAGES must not be given with --labels (got {images}). Leave it out.")
    if out is None:
        raise typer.BadParameter("--labels needs --out, the table to write: --out labelled.csv")
    found = write_labelled(labels, out)
    if as_json:
        print_json(found)
    elif not quiet:
        shown = console()
        show_lines(shown, found.sentence, f"Table: {found.path}")
        show_next(shown, [("Train", f"autotl fit {shlex.quote(str(found.path))} --out run")])


def _show(found: Exploration) -> None:
    """Print the main result, the clusters and the next steps."""
    shown, document = console(), found.document
    shown.print()
    show_lines(shown, found.sentence, style="bold")
    show_lines(shown, *document["notes"])
    if len(document["clusters"]) > 1:
        shown.print(_table(document["clusters"][:MAX_SHOWN]))
        if (more := len(document["clusters"]) - MAX_SHOWN) > 0:
            show_lines(shown, f"and {more} more clusters in cluster_labels.csv")
    folder = found.folder
    show_lines(
        shown, f"Page:   {folder / 'explore.html'}", f"Tables: {folder / 'clusters.csv'}, cluster_labels.csv"
    )
    quoted = shlex.quote(str(folder))
    show_next(
        shown,
        [
            ("See the map", f"open {folder / 'explore.html'} in a browser"),
            ("Label", f"fill in the column label of {folder / 'cluster_labels.csv'} or clusters.csv"),
            ("Use the labels", f"autotl explore --labels {quoted} --out labelled.csv"),
        ],
    )


def _table(clusters: list[dict[str, Any]]) -> Table:
    """Return the clusters as a table for the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("cluster", justify="right")
    table.add_column("images", justify="right")
    table.add_column("example", no_wrap=True, overflow="ellipsis")
    for each in clusters:
        name = "none" if each["cluster"] < 0 else str(each["cluster"])
        table.add_row(name, f"{each['size']:,}", Text(each["representatives"][0]))
    return table

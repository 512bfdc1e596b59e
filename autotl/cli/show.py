"""Define the commands that show reports, runs, comparisons, plugins and backbones."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Annotated, Any

import typer

import autotl
from autotl import jsonio, plugins, watching
from autotl.api import Reporter
from autotl.cli.app import app, import_from_here, print_json
from autotl.cli.generated_options import Json, Run
from autotl.cli.plugin_list import plugin_lines, plugin_rows
from autotl.cli.results import show_lines
from autotl.errors import FAILURES, AutotlError, RunError, described
from autotl.escaping import console, write_out
from autotl.results import RUN_FILE, is_finished, is_run


@app.command(name="report")
def show_report(
    run: Run,
    form: Annotated[str, typer.Option("--format", help="html, md or json.")] = "md",
) -> None:
    """Print a RUN's report, or the path of its HTML page."""
    result = autotl.load(run)
    catalog = plugins.load()
    reporter = catalog.reporters[form]
    if not is_finished(run):  # an earlier report is outdated, and there is no new one yet
        if form == "html":
            raise RunError(
                f"The run in {run} did not finish, so there is no page. Resume it with: autotl resume {run}. "
                f"Or print the trials so far: autotl report {run}"
            )
        with TemporaryDirectory() as folder:
            write_out(_written(reporter, result.report, Path(folder)).read_text(encoding="utf-8"))
        return
    file = run / f"report.{form}"
    if not file.is_file():
        file = _written(reporter, result.report, run)
    if form == "html":
        write_out(f"{file}\n")
    elif form == "json":
        print_json(jsonio.read(file))
    else:
        write_out(file.read_text(encoding="utf-8"))


def _written(reporter: Reporter, document: Mapping[str, Any], folder: Path) -> Path:
    """Write a report in one form and return its first file. Raises RunError."""
    try:
        return Path(reporter.write(deepcopy(dict(document)), folder)[0])
    except FAILURES as error:  # a plugin's code, or an edited document
        if isinstance(error, AutotlError):
            raise
        raise RunError(
            f"The reporter {reporter.name} failed: {described(error)}. Was report.json edited? Restore it."
        ) from error


@app.command()
def watch(
    run: Run,
    port: Annotated[
        int | None,
        typer.Option(help="The first port to try. Default: 8420.", metavar="PORT", min=1, max=65535),
    ] = None,
) -> None:
    """Show a RUN on a local page, during the run or afterwards."""
    if not is_run(run):
        raise RunError(
            f"RUN must be a run folder (got {run}, which holds no {RUN_FILE}). Give the --out of an "
            "'autotl fit'."
        )
    page = watching.RunPage(watching.RunFolderSource(run))
    server = watching.PageServer(page, port=watching.PORT if port is None else port)
    server.start()
    show_lines(console(), f"Follow the run in a browser: {server.url}", "Ctrl-C ends this page, not the run.")
    try:
        while True:
            sleep(60)
    except KeyboardInterrupt:  # the usual end, and no failure
        server.stop()


@app.command()
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Two run folders or more; the others are compared with the first.", metavar="RUN..."
        ),
    ],
    metric: Annotated[
        str | None, typer.Option(help="Another metric for the differences; as for fit.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a page to this file as well.", metavar="FILE.html")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare RUNs: data, cost, models, and test scores paired by image."""
    import_from_here(metric)
    found = autotl.compare(*runs, metric=metric)
    if out is not None:
        found.save(out)
    if as_json:
        print_json(found.document)
        return
    found.show(console())
    if out is not None:
        show_lines(console(), f"Page: {out}")


@app.command(name="plugins")
def show_plugins(as_json: Json = False) -> None:
    """List the installed plugins: name, distribution, hook, state and summary."""
    catalog = plugins.load()
    rows = plugin_rows(catalog)
    if as_json:
        print_json({"plugins": rows, "broken": catalog.broken})
        return
    shown = console()
    width = shown.width if shown.is_terminal else sys.maxsize  # a pipe gets a line for each object
    for line in plugin_lines(rows, catalog.broken, width=width):
        style = "" if line.startswith(" ") else "bold"
        shown.print(line, style=style, markup=False, soft_wrap=True)


@app.command(name="backbones")
def show_backbones(as_json: Json = False) -> None:
    """List recommended backbones; any other timm name works too."""
    sources = plugins.load().backbones.items
    rows = [
        {"name": name, "source": source.name, "summary": source.summary}
        for source in sources.values()
        for name in source.offers()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        console().print(f"{row['name']:40} {row['source']}: {row['summary']}", markup=False, soft_wrap=True)

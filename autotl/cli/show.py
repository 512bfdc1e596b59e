"""Define the commands that show reports, plugins and backbones."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

import autotl
from autotl import jsonio, plugins
from autotl.api import Reporter
from autotl.cli.app import app, print_json
from autotl.cli.generated_options import Json, Run
from autotl.errors import FAILURES, AutotlError, RunError, described
from autotl.escaping import console, write_out
from autotl.results import is_finished


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


@app.command(name="plugins")
def show_plugins(as_json: Json = False) -> None:
    """List the installed plugins and their offers; observers offer nothing."""
    catalog = plugins.load()
    rows = [
        {
            "kind": kind,
            "name": name,
            "distribution": shelf.origins[name].distribution,
            "version": shelf.origins[name].version,
            "plugin": shelf.origins[name].plugin,
            "summary": item.summary,
        }
        for kind, shelf in catalog.registries().items()
        for name, item in shelf.items.items()
    ]
    rows += [
        {
            "kind": "observers",
            "name": name,
            "distribution": origin.distribution,
            "version": origin.version,
            "plugin": name,
            "summary": catalog.about(name),
        }
        for name, origin in catalog.observers.items()
    ]
    if as_json:
        print_json({"plugins": rows, "broken": catalog.broken})
        return
    say = partial(console().print, markup=False, soft_wrap=True)
    for kind in dict.fromkeys([*catalog.registries(), *(row["kind"] for row in rows)]):
        say(kind, style="bold")
        for row in rows:
            if row["kind"] == kind:
                built_in = row["distribution"] == "autotl"
                origin = "" if built_in else f" [{row['distribution']} {row['version']}]"
                say(f"  {row['name']}{origin}: {row['summary']}")
    for name, why in catalog.broken.items():
        say(f"broken: {name}: {why}", style="red")


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

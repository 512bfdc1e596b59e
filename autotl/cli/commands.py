"""Define the commands that search and profile: fit, resume and analyze."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import autotl
from autotl import report
from autotl.cli.app import app, import_from_here, print_json
from autotl.cli.generated_options import (
    OUTPUT,
    Data,
    Json,
    Quiet,
    Run,
    WatchPage,
    WatchPort,
    given,
    with_options,
)
from autotl.cli.results import log_to, next_steps, show_lines, show_next, show_result, watch_of
from autotl.escaping import console
from autotl.files import is_same_file, open_output


@app.command()
@with_options("fit")
def fit(
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The new folder for the model and the report. Default: autotl-runs/DATA-TIME.",
            metavar="FOLDER",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print JSON on standard output, and nothing else.", rich_help_panel=OUTPUT
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=OUTPUT)
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Print the plan and the use of the time as well.", rich_help_panel=OUTPUT
        ),
    ] = False,
    watch_page: WatchPage = False,
    watch_port: WatchPort = None,
    **options: Any,
) -> None:
    """Find, train and report the best way to transfer to DATA."""
    import_from_here(options["metric"])
    watch = watch_of(quiet or as_json, page=watch_page, port=watch_port, quiet=quiet)
    with log_to(watch, enabled=verbose):
        result = autotl.fit(data, out=out, watch=watch, **given(options))
    show_result(result, as_json=as_json, quiet=quiet)
    if not (quiet or as_json):
        show_next(console(), next_steps(result.folder, report.parse(result.report).inputs.noun))


@app.command()
@with_options("resume")
def resume(
    run: Run,
    as_json: Json = False,
    quiet: Quiet = False,
    watch_page: WatchPage = False,
    watch_port: WatchPort = None,
    **options: Any,
) -> None:
    """Resume an interrupted RUN, or a finished one with more budget."""
    import_from_here(options["metric"])
    watch = watch_of(quiet or as_json, page=watch_page, port=watch_port, quiet=quiet)
    result = autotl.resume(run, watch=watch, **given(options))
    show_result(result, as_json=as_json, quiet=quiet)


@app.command()
@with_options("analyze")
def analyze(
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="Also write the profile as a page to this file.", metavar="FILE")
    ] = None,
    as_json: Json = False,
    **options: Any,
) -> None:
    """Profile DATA without training: issues, similarity, and the best backbone."""
    if out is not None and (out.is_dir() or is_same_file(out, Path(data))):
        raise typer.BadParameter(f"--out must be a new file, such as page.html (got {out}).")
    profile = autotl.analyze(data, watch=watch_of(as_json), **given(options))
    found = report.parse(profile)
    if out is not None:
        with open_output(out) as file:
            file.write(report.profile_page(found, name=report.data_name(data)).encode())
    if as_json:
        print_json(profile)
        return
    report.show_sections(report.profile_sections(found), console())
    if out is not None:
        show_lines(console(), f"Page: {out}")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(autotl.__version__)
        raise typer.Exit

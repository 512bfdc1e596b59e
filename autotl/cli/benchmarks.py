"""Define the commands for benchmarks: bench and leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autotl.cli.app import app, print_json
from autotl.cli.generated_options import Device, Json, Quiet
from autotl.escaping import console, write_out
from autotl.files import open_output

if TYPE_CHECKING:
    from autotl.leaderboard import Row

_ENTRANT = typer.Option(help="Only this entrant: a strategy, NAME@default, autotl, a peer. May be repeated.")
_BUDGETS = typer.Option(help="Budgets instead of the suite's: 60s, 5m. May be repeated.")
_DATA = typer.Option(envvar="AUTOTL_BENCH_DATA", help="The folder with the suite's data files.")
_WEIGHTS = typer.Option(envvar="AUTOTL_BENCH_WEIGHTS", help="The folder with the suite's checkpoints.")
_WHERE = typer.Option(
    help="Only rows with this size=, distance=, backbone=, shots=, budget=, suite= or dataset=."
)
_SUITE = typer.Option(help="With check: the suite of the results, if it is not shipped.")
_PUBLISHED = typer.Option(help="With check: published results to compare with. May be repeated.")
_UPDATE = typer.Option(help="With check: a published entrant that has a new version here. May be repeated.")
_RETRY = typer.Option("--retry-failed", help="Repeat measurements that failed.")


@app.command()
def bench(
    suite: Annotated[
        str, typer.Argument(help="The name of a shipped suite (smoke, public, …), or a .toml file.")
    ],
    out: Annotated[Path, typer.Option(help="The folder for the results. A killed benchmark resumes there.")],
    strategies: Annotated[list[str] | None, _ENTRANT] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="Only this data set. May be repeated.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Only this seed. May be repeated.")] = None,
    budget: Annotated[list[str] | None, _BUDGETS] = None,
    workers: Annotated[int, typer.Option(min=1, help="Measurements side by side; they share the cores.")] = 1,
    executor: Annotated[str, typer.Option(help="The executor of measurements: local or ray.")] = "local",
    data: Annotated[Path | None, _DATA] = None,
    weights: Annotated[Path | None, _WEIGHTS] = None,
    retry_failed: Annotated[bool, _RETRY] = False,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Run a benchmark SUITE of strategies, autotl and other tools."""
    from autotl import bench as benchmarks
    from autotl.clock import parse_duration

    shown = console(stderr=True)
    plan = benchmarks.BenchPlan(
        suite=benchmarks.load(suite),
        out=out,
        only=tuple(strategies or ()),
        datasets=tuple(dataset or ()),
        seeds=tuple(seed or ()),
        budgets=tuple(parse_duration(each) for each in budget or ()),
        workers=workers,
        executor=executor,
        data=data,
        weights=weights,
        device=device,
        again=retry_failed,
    )
    show = partial(shown.print, markup=False, soft_wrap=True)
    folder = benchmarks.run(plan, lambda text: None if quiet else show(text))
    write_out(f"{folder}\n")


@app.command()
def leaderboard(
    results: Annotated[
        list[Path], typer.Argument(help="Folders or files that 'autotl bench' wrote; or: check FILE…")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write a page (.html) or Markdown (.md) here instead of printing.")
    ] = None,
    where: Annotated[list[str] | None, _WHERE] = None,
    suite: Annotated[str | None, _SUITE] = None,
    published: Annotated[list[Path] | None, _PUBLISHED] = None,
    update: Annotated[list[str] | None, _UPDATE] = None,
    title: Annotated[str, typer.Option(help="The heading.")] = "Leaderboard",
    as_json: Json = False,
) -> None:
    """Rank the entrants of RESULTS, or check a file of results."""
    from autotl import bench as benchmarks
    from autotl import leaderboard as boards

    if str(results[0]) == "check":
        _check(results[1:], suite, published or [], update or [])
        return
    labels = benchmarks.true_labels(map(_file, results))
    rows = boards.filter_rows([row for path in results for row in boards.read_rows(_file(path))], where or ())
    if as_json:
        print_json(boards.document(rows, labels=labels))
    elif out is None:
        write_out(boards.markdown(rows, title=title, labels=labels))
    else:
        make = boards.markdown if out.suffix == ".md" else boards.page
        with open_output(out) as file:
            file.write(make(rows, title=title, labels=labels).encode())
        console(stderr=True).print(str(out), markup=False, soft_wrap=True)


def _file(path: Path) -> Path:
    return path / "results.parquet" if path.is_dir() else path


def _check(files: list[Path], suite: str | None, published: list[Path], updates: list[str]) -> None:
    from autotl import bench as benchmarks
    from autotl import leaderboard as boards
    from autotl.errors import BenchError, UnknownName

    if not files:
        raise BenchError("No file to check. Give one or more: autotl leaderboard check FILE…")
    shown = console()
    wrong = 0
    known = [row for path in published for row in boards.read_rows(_file(path))]
    if updates and (unknown := sorted({*updates} - {row.entrant for row in known})):
        raise UnknownName("published entrant", unknown[0], {row.entrant for row in known})
    for path in files:
        rows = boards.read_rows(_file(path))
        faults = benchmarks.check(rows, suite=suite, published=known, updates=updates)
        wrong += len(faults)
        for fault in faults:
            shown.print(f"{path}: {fault}", markup=False, soft_wrap=True)
        if not faults:
            shown.print(
                f"{path}: {len(rows)} rows are valid.{_unchecked(known)}", markup=False, soft_wrap=True
            )
    if wrong:
        raise BenchError(f"{wrong} faults. Correct these results before they enter a leaderboard.")


def _unchecked(published: Sequence[Row]) -> str:
    """Return the faults that this check cannot find, in sentences."""
    renamed = (
        "" if published else " Give --published FILE to find renamed entrants and changed rows of others."
    )
    return f"{renamed} Only a repetition of the benchmark shows that they were measured."

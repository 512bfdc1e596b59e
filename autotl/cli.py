"""The command line: thin commands over the library."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import autotl
from autotl import plugins, terminal
from autotl.clock import WallClock
from autotl.errors import AutotlError, RunError
from autotl.jsonio import plain

app = typer.Typer(
    help="Transfer learning on your images: what to transfer, when it pays and how, answered by measurement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[str, typer.Argument(help="A folder of class folders, a zip of one, or a CSV/Parquet table.")]
Run = Annotated[Path, typer.Argument(help="A run folder: the --out of 'autotl fit'.")]
Backbone = Annotated[
    list[str] | None,
    typer.Option(help="A timm model name, a folder with its weights, or 'tiny'. May be given several times."),
]
Source = Annotated[
    str | None, typer.Option(help="Images the backbone was pretrained on, to measure likeness.")
]
Strategy = Annotated[
    list[str] | None, typer.Option(help="Search only this strategy. May be given several times.")
]
Without = Annotated[
    list[str] | None, typer.Option(help="Leave out this plugin, built-in or not. May be repeated.")
]
Metric = Annotated[str, typer.Option(help="accuracy, balanced_accuracy or macro_f1.")]
Side = Annotated[int | None, typer.Option(min=8, help="Image size in pixels, instead of a searched one.")]
Test = Annotated[
    float, typer.Option(help="Share of the images kept for the final test, where the data has none.")
]
Image = Annotated[str | None, typer.Option(help="The column of image paths, in a table.")]
Label = Annotated[str | None, typer.Option(help="The column of labels, in a table.")]
Group = Annotated[
    str | None, typer.Option(help="The column whose equal values must stay in one part of the split.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Seed = Annotated[int, typer.Option(help="Same data and seed, same split and same random choices.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


@app.command()
def fit(
    data: Data,
    out: Annotated[Path, typer.Option(help="The new folder for the model, the report and the evidence.")],
    backbone: Backbone = None,
    source: Source = None,
    budget: Annotated[str | None, typer.Option(help="Wall-clock time: 90s, 10m, 2h. Default 5m.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="At most this many trials.")] = None,
    strategy: Strategy = None,
    without: Without = None,
    metric: Metric = "accuracy",
    image_size: Side = None,
    test: Test = 0.2,
    image: Image = None,
    label: Label = None,
    group: Group = None,
    device: Device = "auto",
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the best way to transfer to DATA, train it, and say what, when and how."""
    result = autotl.fit(
        data,
        out=out,
        backbone=backbone or "auto",
        source=source,
        budget=budget,
        trials=trials,
        strategies=strategy or (),
        without=without or (),
        metric=metric,
        image_size=image_size,
        test=test,
        image=image,
        label=label,
        group=group,
        device=device,
        seed=seed,
        watch=_watch(quiet or as_json),
    )
    _tell(result, as_json=as_json, quiet=quiet)


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option(help="The new folder for the run. Default autotl-demo.")] = None,
    budget: Annotated[str, typer.Option(help="Wall-clock time.")] = "2m",
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the whole thing on scikit-learn's handwritten digits: no network, nothing to prepare."""
    images, labels = _digits()
    folder = out or _unused(Path("autotl-demo"))
    result = autotl.fit(
        (images, labels),
        out=folder,
        backbone="tiny",
        budget=budget,
        test=1 - 300 / len(labels),
        seed=seed,
        watch=_watch(quiet or as_json),
    )
    _tell(result, as_json=as_json, quiet=quiet)


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
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Profile DATA without training: counts, faults, and its likeness to each backbone's source."""
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
        seed=seed,
        watch=_watch(as_json),
    )
    if as_json:
        _print_json(profile)
    else:
        terminal.show_profile(profile, Console())


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
        table.to_csv(out, index=False)
        Console(stderr=True).print(f"{len(table)} rows in {out}")
    elif as_json:
        _print_json(table.to_dict(orient="records"))
    else:
        table.to_csv(sys.stdout, index=False)


@app.command()
def evaluate(
    run: Run,
    data: Data,
    metric: Annotated[str | None, typer.Option(help="Another metric than the run's own.")] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Score the model of a RUN on other labelled images."""
    found = autotl.load(run, device=device).evaluate(data, metric=metric)
    if as_json:
        _print_json(plain(found))
        return
    console = Console()
    low, high = found.ci95
    console.print(
        f"{found.metric} [bold]{found.value:.3f}[/] (95% interval {low:.3f} – {high:.3f}) "
        f"on {found.n} images; always naming the commonest class: {found.always_majority:.3f}",
        highlight=False,
    )
    for each in found.per_class:
        if each.n:
            console.print(f"{each.recall:6.3f} of {each.n:4d}  {each.name}", highlight=False, markup=False)


@app.command(name="report")
def show_report(
    run: Run,
    form: Annotated[str, typer.Option("--format", help="html, md or json.")] = "md",
) -> None:
    """Print a RUN's report: Markdown or JSON, or where the HTML page lies (written anew if it is gone)."""
    result = autotl.load(run)
    catalog = plugins.load()
    reporter = catalog.reporters[form]
    files = [Path(file) for file in reporter.write(result.report, run)]
    if form == "html":
        print(files[0])
    else:
        sys.stdout.write(files[0].read_text(encoding="utf-8"))


@app.command(name="plugins")
def show_plugins(as_json: Json = False) -> None:
    """List what is installed: strategies, similarities, backbones, readers, executors, reporters."""
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
        for kind, shelf in catalog.shelves().items()
        for name, item in shelf.items.items()
    ]
    if as_json:
        _print_json({"plugins": rows, "broken": catalog.broken})
        return
    console = Console()
    for kind in catalog.shelves():
        console.print(f"[bold]{kind}[/]")
        for row in rows:
            if row["kind"] == kind:
                stranger = (
                    "" if row["distribution"] == "autotl" else f" [{row['distribution']} {row['version']}]"
                )
                console.print(f"  {row['name']}{stranger}: {row['summary']}", highlight=False, markup=False)
    for name, why in catalog.broken.items():
        console.print(f"broken: {name}: {why}", style="red", markup=False)


@app.command(name="backbones")
def show_backbones(as_json: Json = False) -> None:
    """List the backbones worth naming; any other timm name works too."""
    sources = plugins.load().backbones.items
    rows = [
        {"name": name, "source": source.name, "summary": source.summary}
        for source in sources.values()
        for name in source.offers()
    ]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        Console().print(f"{row['name']:40} {row['source']}: {row['summary']}", highlight=False, markup=False)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(autotl.__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line. A user's mistake ends with code 2 and a message, Ctrl-C with 130."""
    # Progress and tables are for people; a library's deprecations are for its developers.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    sys.exit(_guarded(lambda: app(standalone_mode=False)))


def _guarded(command: Callable[[], Any]) -> int:
    try:
        code = command()
        return code if isinstance(code, int) else 0
    except AutotlError as error:
        _complain(str(error))
        return 2
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _complain("Interrupted. What was found so far is in the run folder.")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: a missing argument, an unknown option
            _complain(error.format_message())
            return 2
        raise


def _complain(text: str) -> None:
    Console(stderr=True).print(text, style="red", highlight=False, markup=False)


def _watch(silent: bool) -> terminal.Terminal | terminal.Silence:
    return terminal.Silence() if silent else terminal.Terminal(clock=WallClock())


def _tell(result: Any, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        _print_json(result.report)
    elif not quiet:
        console = Console()
        console.print()
        console.print(terminal.leaderboard(result.report, console))
        console.print()
        console.print(result.verdict["sentence"], style="bold", highlight=False, markup=False)
        console.print(
            f"Report: {result.folder / 'report.html'}", highlight=False, markup=False, soft_wrap=True
        )
        console.print(f"Model:  {result.folder / 'model'}", highlight=False, markup=False, soft_wrap=True)


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(plain(document), indent=2, ensure_ascii=False) + "\n")


def _digits() -> tuple[Any, Any]:
    """1,797 handwritten digits of 8 x 8 pixels as uint8, and their labels."""
    from sklearn.datasets import load_digits  # takes a second, and only the demo needs it

    digits = load_digits()
    return (digits.images * (255 / 16)).round().astype("uint8"), digits.target


def _unused(folder: Path) -> Path:
    """The folder, or the same name with the first number that is free."""
    for number in range(1, 1000):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not candidate.exists():
            return candidate
    raise RunError(f"There are a thousand folders like {folder}. Remove some, or give --out.")

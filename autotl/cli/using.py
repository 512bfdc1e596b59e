"""Define the commands that use a trained model: predict, evaluate and export."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape
from rich.text import Text

import autotl
from autotl import jsonio
from autotl.cli.app import app, import_from_here, print_json
from autotl.cli.evaluation_lines import constant_name, score_lines
from autotl.cli.generated_options import Data, Device, Image, Json, Label, Quiet, Run, completed
from autotl.cli.results import show_lines, show_next
from autotl.escaping import console, write_out
from autotl.evaluation.number_text import IN_UNITS, significant
from autotl.explanation import check_explainable
from autotl.export import FORMATS
from autotl.files import is_same_file, open_output
from autotl.modalities import noun_of, worded

if TYPE_CHECKING:
    import pandas as pd

    from autotl.evaluation import Evaluation
    from autotl.explanation import Explanations
    from autotl.results import Result

NAMED = 5
"""Unreadable images that are named on standard error."""
_FORMAT = typer.Option(
    "--format", help=f"The format: {', '.join(FORMATS)}.", metavar="NAME", autocompletion=completed(*FORMATS)
)
_OUT = typer.Option(help="The new folder. Default: RUN/export/NAME.", metavar="FOLDER")
_INT8 = typer.Option("--int8", help="8-bit integers, if the score stays within .5 points; for onnx.")
_EXPLAIN = typer.Option(help="Write pictures of the parts that raise each prediction here.", metavar="FOLDER")
_FIRST = typer.Option(help="The images that --explain draws: the first N.", min=1, metavar="N")
_IMAGES = typer.Option(help="Compare on these images instead of the run's test images.", metavar="PATH")


@app.command()
def predict(
    run: Run,
    paths: Annotated[
        list[Path], typer.Argument(help="Images, folders, zips, or tables with a column of paths.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the table to this file instead of standard output.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="The K likeliest classes, a row each.")] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="A column p:NAME for each class or label.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop with code 2 at the first image that cannot be read.")
    ] = False,
    explain: Annotated[Path | None, _EXPLAIN] = None,
    explain_first: Annotated[int, _FIRST] = 50,
    image: Image = None,
    device: Device = "auto",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict images with the model of a RUN, as a table."""
    if as_json and out is not None:
        raise typer.BadParameter("--out writes CSV. Leave it out and redirect standard output: --json > FILE")
    if out is not None and any(is_same_file(out, path) for path in paths):
        raise typer.BadParameter(f"--out must not be one of the inputs (got {out}). Give another file.")
    result = autotl.load(run, device=device)
    if explain is not None:
        check_explainable(explain)
    parts = result.predict_parts(paths, top=top, probabilities=probabilities, strict=strict, image=image)
    counts, prints_rows = (
        _Counts(noun_of(result.predictor)),
        out is None and not as_json and sys.stdout.isatty(),
    )
    live = console(stderr=True).is_terminal and not (quiet or prints_rows)
    _write_rows(_counting(parts, counts, live=live), result, None if as_json else _written(out))
    if not quiet and (out is not None or counts.broken):
        counts.show(out)
    if explain is not None:
        explained = result.explain(explain_first, images=paths, image=image)
        explained.write(explain)
        if not quiet:
            show_lines(console(stderr=True), _explained_line(explained, explain, counts))


def _write_rows(
    parts: Iterator[pd.DataFrame],
    result: Result,
    written: AbstractContextManager[Callable[[str], object]] | None,
) -> None:
    """Write the rows as CSV, or print them as JSON."""
    from autotl.results.csv_text import csv_text, digits_of

    if written is None:
        print_json([row for part in parts for row in part.to_dict(orient="records")])
        return
    with written as write:
        digits = digits_of(result.predictor.target.spec)
        for number, part in enumerate(parts):
            write(csv_text(part, header=not number, digits=digits))


def _explained_line(explained: Explanations, folder: Path, counts: _Counts) -> str:
    """Return how many images are explained, and how."""
    drawn, given = len(explained), counts.images - counts.broken
    first = "" if drawn == given else f"the first {drawn:,} of "
    return f"Explained {first}{given:,} images in {folder}. {explained.sentence}"


class _Counts:
    """The numbers of inputs and of unreadable ones."""

    def __init__(self, noun: str) -> None:
        self.noun, self.images, self.broken = noun, 0, 0
        self._first: list[str] = []
        self._done, self._lacks = "labelled", "label"

    def add(self, part: pd.DataFrame) -> None:
        """Count the images of a part of the table."""
        if not {"label", "labels"} & {*part.columns}:
            self._done, self._lacks = "predicted", "number"
        one_each = part[part["rank"] == 1] if "rank" in part else part
        unreadable = one_each[one_each["error"] != ""]
        self.images += len(one_each)
        self.broken += len(unreadable)
        self._first += [
            f"{row.path}: {row.error}" for row in unreadable.head(NAMED - len(self._first)).itertuples()
        ]

    def show(self, out: Path | None) -> None:
        """Print the numbers on standard error, and name unreadable images."""
        say = console(stderr=True).print
        where = "" if out is None else f" in {out}"
        say(f"{self.images - self.broken:,} {self.noun}s {self._done}{where}", markup=False, soft_wrap=True)
        if self.broken:
            say(
                f"{self.broken:,} could not be read; their rows have no {self._lacks}:",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )
            for each in self._first:
                say(f"  {each}", markup=False, soft_wrap=True)
            if self.broken > len(self._first):
                say(f"  and {self.broken - len(self._first):,} more")


@contextmanager
def _written(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Return a function that writes to the file, or to standard output."""
    if out is None:
        yield write_out
        return
    with open_output(out) as file:
        # names that are not UTF-8 are written with backslashes
        yield lambda text: file.write(text.encode("utf-8", errors="backslashreplace"))


def _counting(parts: Iterator[pd.DataFrame], counts: _Counts, *, live: bool) -> Iterator[pd.DataFrame]:
    """Yield the parts and count their images; ``live`` shows the counts on standard error."""
    if not live:
        for part in parts:
            counts.add(part)
            yield part
        return
    # without these flags rich would redirect standard output to standard error
    with Live(
        Text(f"Reading the first {counts.noun}s …"),
        console=console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as line:
        for part in parts:
            counts.add(part)
            unread = f", {counts.broken:,} of them cannot be read" if counts.broken else ""
            line.update(Text(f"{counts.images:,} {counts.noun}s done{unread}"))
            yield part


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
    import_from_here(metric)
    result = autotl.load(run, device=device)
    scores = result.evaluate(data, metric=metric, image=image, label=label)
    if as_json:
        print_json(scores.document())
        return
    noun = noun_of(result.predictor)
    shown, plain = console(), significant if scores.metric in IN_UNITS else "{:.3f}".format
    low, high = scores.ci95
    interval = "no interval: the metric fails on samples"
    if isfinite(low):
        interval = f"95% interval {plain(low)} – {plain(high)}"
    direction = "" if scores.higher_is_better else " (lower is better)"
    shown.print(
        f"{escape(scores.metric)} [bold]{plain(scores.value)}[/] ({interval}) "
        f"on {scores.n} {noun}s{direction}{worded(_baseline(scores, plain), noun)}"
    )
    for line in score_lines(scores.details):
        shown.print(line, markup=False)


def _baseline(scores: Evaluation, plain: Callable[[float], str]) -> str:
    """Return the score of a predictor that ignores images; "" if unknown."""
    known = scores.always_majority
    if known is None:
        return ""
    return f"; {constant_name(scores)}: {plain(known)}"


@app.command()
def export(
    run: Run,
    form: Annotated[str, _FORMAT] = "onnx",
    out: Annotated[Path | None, _OUT] = None,
    int8: Annotated[bool, _INT8] = False,
    images: Annotated[list[Path] | None, _IMAGES] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Export the model of a RUN for other runtimes, verified."""
    folder = autotl.load(run, device="cpu").export(form, out=out, int8=int8, images=images or None)
    record = jsonio.read(folder / "export.json")
    if as_json:
        print_json(record)
    elif not quiet:
        shown = console()
        show_lines(shown, *_export_lines(folder, record))
        if (folder / "predict.py").is_file():
            names = ("predict.py", FORMATS[record["form"]].file)
            quoted = " ".join(shlex.quote(str(folder / name)) for name in names)
            show_next(shown, [("Label images", f"python {quoted} photo.jpg")])


def _export_lines(folder: Path, record: dict[str, Any]) -> list[str]:
    """Return the folder, its size and the comparison, a line each."""
    size = sum(each["bytes"] for each in record["files"]) / 1e6
    lines = [f"Exported to {folder} ({size:.1f} MB)"]
    found = record["verification"]
    if found is None:
        return [*lines, record["unverified"] or "The files are a copy of the model folder of the run."]
    if record["facts"]["tta"]:
        lines.append("The file answers with a single pass; autotl averages over mirror images.")
    if found["why"]:
        lines.append(f"{found['why']} Verified on random images instead.")
    answers = "numbers" if record["facts"]["target"] == "regression" else "labels"
    same = f"{100 * found['equal_labels']:.1f}% equal {answers}"
    difference = f"largest difference {found['largest_difference']:.2g}"
    lines.append(f"Compared with autotl on {found['images']:,} {found['source']}: {same}, {difference}")
    if found["score"] is not None:
        lines.append(f"{found['metric']} {found['score']:.4g} (autotl {found['autotl_score']:.4g})")
    if (int8 := record["int8"]) is not None:
        lost, count = 100 * int8["decision"]["loss"], int8["decision"]["images"]
        lines.append(f"8-bit integers lose {lost:.1f} points on {count:,} training images that decided")
    return lines

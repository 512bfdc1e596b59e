"""Write the model card: YAML, then sentences of the report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from autotl.export.checking.comparison import Comparison
from autotl.export.formats import ExportFormat
from autotl.report import Report, Section, format
from autotl.report.render.markdown import sections_text
from autotl.report.section import Snippet
from autotl.report.sections import how, test, what
from autotl.report.sections.summary import caveat, delivered, verdict, warnings

TAGS = ("image-classification", "timm", "autotl")
UNVERIFIED = (
    "This file was written on a computer that cannot run it, so its answers were not compared with autotl's. "
    "`verify.py` compares them."
)


def model_card(
    report: Report, form: ExportFormat, comparison: Comparison | None, *, int8: bool = False
) -> str:
    """Return the card of an exported model as Markdown.

    All numbers come from ``report.json`` and the comparison. The license is left to the user.

    Args:
        report: The report of the run.
        form: The format.
        comparison: The comparison of the file with autotl; None for a copy of the model folder, and for a
            file that does not run on this computer.
        int8: Whether the file computes with 8-bit integers; the report has the scores of float32.
    """
    tested = _tested_model(report, int8=int8)
    sections = card_sections(
        report,
        _use(form, comparison, report.target.kind),
        scores=_other_scores(tested, comparison) if tested else (),
    )
    title = " ".join((report.name or "model").split())
    return front_matter(report, form.name, other=bool(tested)) + sections_text(
        sections, title=f"Model card for {title}"
    )


def tags_of(kind: str) -> list[str]:
    """Return the tags of the Hub for a kind of target."""
    return [each for each in TAGS if kind != "regression" or each != "image-classification"]


def front_matter(report: Report, form: str, *, other: bool) -> str:
    """Return the YAML at the beginning of a card.

    Args:
        report: The report of the run.
        form: The name of the format.
        other: Whether the test score in the report is that of another model.
    """
    kind = report.target.kind
    tags = [*tags_of(kind), form]
    lines = ["license: other", "license_name: unknown", "library_name: timm"]
    if kind != "regression":
        lines.append("pipeline_tag: image-classification")
    lines += ["tags:", *(f"- {tag}" for tag in dict.fromkeys(tags))]
    if report.test.metric:
        lines += ["metrics:", f"- {_text(report.test.metric)}"]
    own = not other and kind != "regression"  # the Hub has no task for numbers
    if own and report.test.metric and report.test.value is not None:
        lines += _results(report, report.test.metric, report.test.value)
    return "\n".join(["---", *lines, "---", ""])


def card_sections(report: Report, use: Section, *, scores: tuple[str, ...] = ()) -> list[Section]:
    """Return the sections of a card.

    The notes of the report are left out, because they may name paths.

    Args:
        report: The report of the run.
        use: The section on the use.
        scores: Sentences in front of the scores.
    """
    tested = test.section(report)
    return [
        replace(what.section(report), title="Model", sentences=_model(report)),
        replace(how.section(report), title="Training"),
        Section(name="data", title="Data", link="Data", sentences=tuple(_data(report))),
        replace(tested, title="Scores", figures=(), sentences=(*scores, *tested.sentences)),
        Section(name="limits", title="Limitations", link="Limitations", sentences=tuple(_limits(report))),
        use,
    ]


def _text(value: str) -> str:
    """Return a text as YAML reads it; names of data and metrics may hold any characters."""
    return json.dumps(value)


def _results(report: Report, metric: str, value: float) -> list[str]:
    """Return the test score as the Hub shows it."""
    name = _text(" ".join((report.name or "model").split()))
    return [
        "model-index:",
        f"- name: {name}",
        "  results:",
        "  - task:",
        "      type: image-classification",
        "    dataset:",
        f"      name: {name}",
        "      type: images",
        "      split: test",
        "    metrics:",
        f"    - type: {_text(metric)}",
        f"      value: {value!r}",
    ]


def _model(report: Report) -> tuple[str, ...]:
    own = (delivered(report), verdict(report))
    return tuple(each for each in (*own, *what.section(report).sentences) if each)


def _data(report: Report) -> Iterable[str]:
    split, target = report.split, report.words
    if split.train is not None:
        images = format.count(split.train, "training image")
        yield f"The model learned from {images}, and {format.count(split.test, 'test image')} were held out."
    names = [format.name(each) for each in report.class_names]
    if names:
        known = format.count(len(names), target.one, target.several)
        yield f"It knows {known}: {format.listing(names, limit=50)}."


def _limits(report: Report) -> Iterable[str]:
    yield from (f"Warning: {each}" for each in warnings(report))
    if found := caveat(report):
        yield found
    if report.test.n is not None:
        images = format.count(report.test.n, "test image")
        yield f"The scores hold for images like the {images} of this run."


def _tested_model(report: Report, *, int8: bool) -> str:
    """Name the model of the report's scores if the file is another one; else ""."""
    if report.how.tta is not None and report.how.tta.kept:
        return "the model in autotl, which averages over mirror images"
    return "the float32 model" if int8 else ""


def _other_scores(tested: str, found: Comparison | None) -> tuple[str, ...]:
    """Return whose scores these are, and the score of the file."""
    if found is None or found.score is None or found.autotl_score is None:
        return (f"Scores are those of {tested}.",)
    return (
        f"Scores are those of {tested}; this file scores {found.metric} {found.score:.4g} "
        f"(autotl {found.autotl_score:.4g}) on {found.images:,} {found.source}.",
    )


def _use(form: ExportFormat, comparison: Comparison | None, kind: str) -> Section:
    if not form.file:
        sentences: tuple[str, ...] = ("`README.md` has code that loads this folder with timm.",)
        return Section(name="use", title="Use", link="Use", sentences=sentences)
    needs = f"`predict.py` needs {form.runtime}, NumPy and Pillow alone."
    if comparison is None:
        sentences = (needs, UNVERIFIED)
    else:
        images = f"{comparison.images:,} {comparison.source}"
        same = "numbers" if kind == "regression" else "labels"
        sentences = (
            f"{needs} On {images} it gave the same {same} as autotl for "
            f"{100 * comparison.equal_labels:.1f}% of the images; the largest "
            f"difference of a prediction was {comparison.largest_difference:.2g}.",
        )
    shell = Snippet("In a shell", "sh", f"python predict.py {form.file} photo.jpg")
    return Section(name="use", title="Use", link="Use", sentences=sentences, snippets=(shell,))

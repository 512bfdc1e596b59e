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


def model_card(report: Report, form: ExportFormat, comparison: Comparison | None) -> str:
    """Return the card of an exported model as Markdown.

    All numbers are those of ``report.json`` and of the comparison. The license is left to the user.

    Args:
        report: The report of the run.
        form: The format.
        comparison: The comparison of the file with autotl; None for a copy of the model folder.
    """
    return front_matter(report, form.name) + card_body(report, form, comparison)


def front_matter(report: Report, form: str) -> str:
    """Return the YAML at the beginning of a card."""
    kind = report.target.kind
    tags = [each for each in (*TAGS, form) if kind != "regression" or each != "image-classification"]
    lines = ["license: other", "license_name: unknown", "library_name: timm"]
    if kind != "regression":
        lines.append("pipeline_tag: image-classification")
    lines += ["tags:", *(f"- {tag}" for tag in dict.fromkeys(tags))]
    if report.test.metric:
        lines += ["metrics:", f"- {_text(report.test.metric)}"]
    if report.test.metric and report.test.value is not None:
        lines += _results(report, report.test.metric, report.test.value)
    return "\n".join(["---", *lines, "---", ""])


def card_body(report: Report, form: ExportFormat, comparison: Comparison | None) -> str:
    """Return the sections of a card.

    Args:
        report: The report of the run.
        form: The format.
        comparison: The comparison of the file with autotl; None for a copy of the model folder.
    """
    name = " ".join((report.name or "model").split())
    sections = [
        replace(what.section(report), title="Model", sentences=_model(report)),
        replace(how.section(report), title="Training"),
        Section(name="data", title="Data", link="Data", sentences=tuple(_data(report))),
        replace(test.section(report), title="Scores", figures=()),
        Section(name="limits", title="Limitations", link="Limitations", sentences=tuple(_limits(report))),
        _use(form, comparison),
    ]
    return sections_text(sections, title=f"Model card for {name}")


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
    yield from (format.sentence(each) for each in report.notes)
    if report.test.n is not None:
        images = format.count(report.test.n, "test image")
        yield f"The scores hold for images like the {images} of this run."


def _use(form: ExportFormat, comparison: Comparison | None) -> Section:
    if comparison is None:
        sentences: tuple[str, ...] = ("`README.md` has code that loads this folder with timm.",)
        return Section(name="use", title="Use", link="Use", sentences=sentences)
    images = f"{comparison.images:,} {comparison.source}"
    sentences = (
        f"`predict.py` needs {form.runtime}, NumPy and Pillow alone. On {images} it gave the same label as "
        f"autotl for {100 * comparison.equal_labels:.1f}% of the images; the largest difference of a "
        f"prediction was {comparison.largest_difference:.2g}.",
    )
    shell = Snippet("In a shell", "sh", f"python predict.py {form.file} photo.jpg")
    return Section(name="use", title="Use", link="Use", sentences=sentences, snippets=(shell,))

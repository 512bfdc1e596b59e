"""Build the section about the data and its split."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.quality import Duplicates, Leakage, Quality, Sizes
from autotl.report.document.report import Report
from autotl.report.document.trials import Split
from autotl.report.head.faults import UNREADABLE
from autotl.report.kinds import target_data
from autotl.report.kinds.words import Words
from autotl.report.section import Bar, Section, Table
from autotl.report.sections.pictures.issues import issue_pictures
from autotl.report.sentences.data_issues import data_issues

BALANCED = 1.05
"""Ratio of the class sizes up to which classes are balanced."""
UNEVEN = 3.0
"""Ratio of the class sizes from which accuracy misleads."""
MOST_ROWS = 12
"""Classes up to which the page shows the table of class sizes unfolded."""


def section(report: Report) -> Section:
    """Describe data issues, image sizes and the split."""
    return Section(
        name="data",
        title="The state of the data",
        link="Data",
        sentences=(*data_sentences(report), *_split(report)),
        tables=(
            class_sizes(report.quality, report.words),
            *target_data.tables(report.quality),
            unreadable_files(report.quality),
        ),
        figures=target_data.drawings(report.quality),
        pictures=issue_pictures(report),
    )


def data_sentences(report: Report) -> list[str]:
    """Describe the targets, copies, leaks, label issues and image sizes."""
    quality = report.quality
    sentences = [
        _imbalance(report),
        *target_data.sentences(quality),
        _duplicates(quality.duplicates, report.words, report.inputs.copies),
        _leakage(quality.leakage, report.inputs.copies),
        _unreadable_files(quality),
        *data_issues(quality, report.target.kind),
        _sizes(quality.sizes),
    ]
    return [each for each in sentences if each]


def class_sizes(quality: Quality, words: Words) -> Table:
    """Return the images of each class, the largest first."""
    counts = quality.imbalance.counts
    largest = max(counts.values(), default=1) or 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    rows = tuple((format.name(name), Bar(f"{images:,}", images / largest)) for name, images in ordered)
    folded = len(rows) > MOST_ROWS
    return Table(
        (words.one, "images"),
        rows,
        frozenset({1}),
        title=f"Images of all {len(rows)} {words.several}" if folded else "",
        place="beside",
        folded=folded,
        page_only=True,
    )


def unreadable_files(quality: Quality) -> Table:
    """Return the files that could not be read, with the reasons."""
    files = quality.unreadable or {}
    rows = tuple((format.name(file), format.value(why)) for file, why in files.items())
    title = f"Files left out ({len(rows)})"
    return Table(("file", "reason"), rows, title=title, folded=True, anchor=UNREADABLE)


def _imbalance(report: Report) -> str:
    ratio, kind = report.quality.imbalance.ratio, report.target.kind
    if ratio is None or kind == "regression":
        return ""
    if kind == "multi_label":
        times = format.value(round(ratio, 1))
        return f"The most frequent label has {times} times the images of the rarest label."
    if ratio <= BALANCED:
        return "The classes are balanced."
    text = f"The largest class has {format.value(round(ratio, 1))} times the images of the smallest class."
    if ratio < UNEVEN:
        return text
    return (
        f"{text} Accuracy mostly reflects the large classes: compare balanced accuracy, or search with "
        "`--metric balanced_accuracy`. The search includes class weights and balanced sampling."
    )


def _duplicates(found: Duplicates, words: Words, how: str) -> str:
    if found.images is None:
        return ""
    if not found.images:
        return "No two images are identical."
    groups = format.count(found.groups, "group")
    text = f"{format.count(found.images, 'image')} in {groups} are identical, {how}"
    if not found.conflicting:
        return f"{text}; identical images always have the same {words.truth}."
    groups = "one group has" if found.conflicting == 1 else f"{found.conflicting:,} groups have"
    if words.truth == "label":
        return f"{text}; {groups} different labels, so at least one label is wrong."
    return f"{text}; {groups} different {words.truth}, so those of at least one image are wrong."


def _leakage(found: Leakage, how: str) -> str:
    if found.images is None:
        return ""
    leaks = []
    if found.images:
        verb = "is" if found.images == 1 else "are"
        leaks.append(f"{format.count(found.images, 'test image')} {verb} also in the training set, {how}")
    if found.groups:
        verb = "has" if found.groups == 1 else "have"
        leaks.append(f"{format.count(found.groups, 'group')} {verb} images in both sets")
    if leaks:
        return f"The split leaks: {format.listing(leaks)}. The test score may be too high."
    return "No test image is in the training set."


def _unreadable_files(quality: Quality) -> str:
    if quality.unreadable is None:
        return ""
    files = len(quality.unreadable)
    if not files:
        return "Every file could be read."
    return f"{format.count(files, 'file')} could not be read and {'was' if files == 1 else 'were'} left out."


def _sizes(sizes: Sizes) -> str:
    height, width = sizes.height, sizes.width
    every = (width.min, width.median, width.max, height.min, height.median, height.max)
    known = [each for each in every if each is not None]
    if len(known) < len(every):
        return ""
    narrow, medium, wide, low, middle, high = known
    if narrow == wide and low == high:
        return f"Every image is {narrow:,} × {low:,} pixels."
    return (
        f"Images are {narrow:,} to {wide:,} pixels wide and {low:,} to {high:,} high "
        f"(medians: {medium:,.0f} × {middle:,.0f})."
    )


def _split(report: Report) -> list[str]:
    split, tested = report.split, report.test.n
    if split.train is None or split.test is None:
        return []
    text = f"The split has {format.count(split.train, 'training image')} and "
    text += f"{format.count(split.test, 'test image')}"
    if tested is not None and tested < split.test:
        text += f", of which {tested:,} were tested"
    return [text + ".", *filter(None, [_validation(split)])]


def _validation(split: Split) -> str:
    if split.kind == "kfold" and split.folds is not None:
        repeats = f"{split.repeats} × " if split.repeats > 1 else ""
        text = f"The search used {repeats}{split.folds}-fold cross-validation"
        return text + (", with other folds in each repeat." if repeats else ".")
    return f"The search validated on {split.val:,} of the training images." if split.val else ""

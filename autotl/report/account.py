"""Tell in sentences what state the data was in, what the run cost, and how its images were divided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.clock import format_duration
from autotl.report import findings, format
from autotl.report.lookup import Report, at, section

UNEVEN = 3.0
"""From this ratio of the classes on, accuracy alone misleads."""


def data(report: Report) -> list[str]:
    """What to know about the data before trusting any score on it."""
    quality, said = section(report, "quality"), []
    ratio = at(quality, "imbalance", "ratio")
    if format.measured(ratio):
        said.append(_imbalance(float(ratio)))
    duplicates = section(quality, "duplicates")
    if format.measured(duplicates.get("images")):
        said.append(_duplicates(duplicates))
    if format.measured(leaked := at(quality, "leakage", "images")):
        said.append(_leakage(leaked, at(quality, "leakage", "groups")))
    unreadable = quality.get("unreadable")
    if isinstance(unreadable, Mapping):
        was = "was" if len(unreadable) == 1 else "were"
        said.append(
            f"{format.count(len(unreadable), 'file')} could not be read and {was} left out."
            if unreadable
            else "Every file could be read."
        )
    said += findings.told(report)
    if sizes := section(quality, "sizes"):
        said.append(_sizes(sizes))
    return said


def _imbalance(ratio: float) -> str:
    if ratio <= 1.05:
        return "The classes are balanced."
    text = f"The largest class has {format.value(round(ratio, 1))} times the images of the smallest."
    if ratio < UNEVEN:
        return text
    return (
        f"{text} Plain accuracy then says little of the small ones: read balanced accuracy beside it, or "
        "give `--metric balanced_accuracy`; class weights and balanced sampling are among what is searched."
    )


def _leakage(images: int, groups: int | None) -> str:
    both = []
    if images:
        both.append(f"{format.count(images, 'test image')} also in the training part, pixel by pixel")
    if groups:
        both.append(f"{format.count(groups, 'group')} with images in both parts")
    if both:
        return f"The split leaks: {format.listing(both)}. The test score flatters the model."
    return "No test image is also in the training part."


def _sizes(sizes: Mapping[str, Any]) -> str:
    height, width = section(sizes, "height"), section(sizes, "width")
    if not all(
        format.measured(side.get(key)) for side in (height, width) for key in ("min", "median", "max")
    ):
        return f"Image sizes in pixels: {format.value(sizes)}."
    if all(side["min"] == side["max"] for side in (height, width)):
        return f"Every image is {width['min']:,} × {height['min']:,} pixels."
    return (
        f"Images are {width['min']:,} to {width['max']:,} pixels wide and "
        f"{height['min']:,} to {height['max']:,} high "
        f"(medians: {width['median']:,.0f} × {height['median']:,.0f})."
    )


def _duplicates(duplicates: Mapping[str, int]) -> str:
    if not duplicates["images"]:
        return "No image occurs twice."
    groups = format.count(duplicates.get("groups"), "group")
    text = f"{format.count(duplicates['images'], 'image')} in {groups} are the same, pixel by pixel"
    if conflicting := duplicates.get("conflicting"):
        groups = "one group carries" if conflicting == 1 else f"{conflicting:,} groups carry"
        return f"{text}; {groups} different labels, of which at least one is wrong."
    return f"{text}; copies always share their label."


def cost(report: Report) -> list[str]:
    """Time, speed and memory."""
    facts, said = section(report, "cost"), []
    if format.measured(facts.get("seconds")):
        text = f"The whole run took {format_duration(facts['seconds'])}"
        if format.measured(facts.get("budget_seconds")):
            text += f" of a budget of {format_duration(facts['budget_seconds'])}"
        if format.measured(facts.get("search_seconds")):
            text += f", {format_duration(facts['search_seconds'])} of it searching"
        said.append(text + ".")
    if format.measured(facts.get("overhead_fraction")):
        said.append(f"{format.percent(facts['overhead_fraction'])} of the search was spent outside training.")
    if format.measured(facts.get("images_per_second")):
        speed = f"{facts['images_per_second']:,.0f} images per second"
        said.append(f"The model answers {speed} on this machine, reading them included.")
    said += _served(facts)
    if format.measured(facts.get("peak_memory_mb")):
        said.append(f"Memory peaked at {facts['peak_memory_mb']:,.0f} MB.")
    return said


def _served(facts: Mapping[str, Any]) -> list[str]:
    """What the model takes where it is used."""
    said = []
    if format.measured(facts.get("latency_ms")):
        said.append(f"One image alone takes it {facts['latency_ms']:.3g} ms, once it is read.")
    if format.measured(facts.get("size_mb")):
        said.append(f"Its weights take {facts['size_mb']:.3g} MB on disk.")
    return said


def split(report: Report) -> list[str]:
    """How the images were divided."""
    facts, said = section(report, "split"), []
    if format.measured(facts.get("train")) and format.measured(facts.get("test")):
        seen = section(report, "test").get("n")
        part = f"{seen:,} of " if format.measured(seen) and seen < facts["test"] else ""
        text = f"{format.count(facts['train'], 'image')} to learn from and {part}{facts['test']:,} to test on"
        kind, folds = facts.get("kind"), facts.get("folds")
        if kind == "kfold" and format.measured(folds):
            again = facts.get("repeats", 1)
            text += f"; the search validated {f'{again} times ' if again > 1 else ''}in {folds} folds"
            text += f", each time cut anew ({again} × {folds}-fold)" if again > 1 else ""
        elif format.measured(facts.get("val")) and facts["val"]:
            text += f"; the search validated on {facts['val']:,} of the former"
        said.append(text + ".")
    return said

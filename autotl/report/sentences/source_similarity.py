"""Write sentences about the similarity between data and source."""

from __future__ import annotations

from statistics import median

from autotl.report import format
from autotl.report.document.when import When

DEGREES = ((0.8, "very similar"), (0.5, "rather similar"), (0.2, "slightly similar"))
"""Lowest calibrated similarity of each degree."""
DECIDING = 2
"""The most built-in measures that decide for one source; a run takes no others."""
TOKENS = "token frequencies"
"""The reference of measures that a run takes as completely as an analysis does."""
CLOSE = 0.5
"""Calibrated similarity from which a layer's inputs match the source."""


def calibrated(when: When, backbone: str) -> list[float]:
    """Return the similarities to a backbone's source, from 0 to 1."""
    measures = when.similarity.get(backbone, {}).values()
    return [each.calibrated for each in measures if each.calibrated is not None]


def similarity(when: When, backbone: str) -> str:
    """Describe the similarity to a backbone's source; empty if not measured."""
    found = calibrated(when, backbone)
    if not found:
        return ""
    middle = median(found)
    degree = next((words for least, words in DEGREES if middle >= least), "not similar")
    measures = f", the median of {len(found)} measures" if len(found) > 1 else ""
    references = {each.reference for each in when.similarity[backbone].values()}
    complete = len(found) > DECIDING or references == {TOKENS}
    more = "" if complete else " A run takes only measures that decide something: 'autotl analyze' has more."
    return (
        f"The images are {degree} to the source data of {format.name(backbone)}: {middle:.2f} on a scale "
        f"from 0 (noise) to 1 (the source data){measures}.{more}"
    )


def departure(when: When, backbone: str) -> str:
    """Describe from which layer input statistics differ; empty if unknown."""
    for measure in when.similarity.get(backbone, {}).values():
        layers = [(layer, each) for layer in measure.layers if (each := layer.calibrated) is not None]
        if not layers:
            continue
        far = 0
        while far < len(layers) and layers[-1 - far][1] < CLOSE:
            far += 1
        if not far:
            return "The input statistics of its last layers match the source data."
        if far == len(layers):
            return "From the first layer, the input statistics differ from the source data."
        first = layers[-far][0]
        depth = format.percent(first.depth).replace(".0%", "%")
        return (
            f"From layer {format.name(first.layer)} ({depth} depth), the input statistics differ from the "
            "source data."
        )
    return ""


def overlap(when: When, backbone: str) -> str:
    """Describe classes and images that the source probably contains."""
    found, copies = when.label_overlap.get(backbone), when.source_copies.images
    sentences = []
    if found and found.known and found.of is not None:
        names = format.listing(map(format.name, found.classes), limit=5)
        sentences.append(
            f"Its pretrained classifier has {found.known:,} of the {found.of:,} classes by name ({names})."
        )
    if copies:
        sentences.append(
            f"{format.count(copies, 'image')} look like copies of source images, so scores on them favor "
            "transfer."
        )
    return " ".join(sentences)

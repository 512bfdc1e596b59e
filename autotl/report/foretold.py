"""Tell what was known before training: likeness to the source, what it has seen, what past runs foretold."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from autotl.report import format
from autotl.report.lookup import Report, at, rows, section


def placed(report: Report, backbone: str) -> list[float]:
    """The likenesses to a backbone's source by all measures, where 0 is noise and 1 the source itself."""
    measures = section(report, "when", "similarity", backbone).values()
    found: list[Any] = [each.get("calibrated") for each in measures if isinstance(each, Mapping)]
    return [float(each) for each in found if format.measured(each)]


def likeness(report: Report, backbone: str) -> str:
    """The sentence on how like the backbone's source the images look."""
    if not (places := placed(report, backbone)):
        return ""
    place = median(places)
    much = (
        "very much"
        if place >= 0.8
        else "rather"
        if place >= 0.5
        else "only faintly"
        if place >= 0.2
        else "hardly"
    )
    return (
        f"To {format.name(backbone)} these images look {much} like the ones it was trained on: {place:.2f} "
        "on a scale where 0 is noise and 1 is the source itself"
        + (f" (the middle of {len(places)} measures)." if len(places) > 1 else ".")
    )


def experience(report: Report) -> str:
    """What past runs foretold, and whether it came true."""
    facts = section(report, "when", "experience")
    if not facts.get("predicted"):
        return ""
    likeliest = format.name(facts["predicted"])
    told = f"{format.sentence(facts.get('evidence'))} That made {likeliest} likeliest to win"
    if format.measured(facts.get("probability")):
        told += f" ({format.percent(facts['probability'])})"
    if facts.get("agreed") is None:
        return told + "."
    return told + (", and it did." if facts["agreed"] else ", but another strategy scored higher here.")


def overlap(report: Report, backbone: str) -> str:
    """What of the data a backbone's source has probably seen."""
    found = section(report, "when", "label_overlap", backbone)
    said = []
    if found.get("known") and format.measured(found.get("of")):
        known = [format.name(name) for name in section(found, "classes")]
        said.append(
            f"Its own head knows {found['known']:,} of the {found['of']:,} classes by name "
            f"({format.listing(known, limit=5)})."
        )
    copies = section(report, "when", "source_copies")
    if copies.get("images"):
        said.append(
            f"{format.count(copies['images'], 'image')} look like copies of images it was trained on: "
            "scores on them flatter transfer."
        )
    return " ".join(said)


def departure(report: Report, backbone: str) -> str:
    """From which layer on the images no longer look to a backbone like its source's."""
    for measure in section(report, "when", "similarity", backbone).values():
        layers = [each for each in rows(measure, "layers") if format.measured(at(each, "calibrated"))]
        if not layers:
            continue
        far = 0
        for layer in reversed(layers):
            if layer["calibrated"] >= 0.5:
                break
            far += 1
        if not far:
            return "Its last layers are fed much as they were on the source."
        first = layers[-far]
        if far == len(layers):
            return "From the first layer on, the network is fed what it was not trained on."
        share = format.percent(first["depth"]).replace(".0%", "%")
        return (
            f"From layer {format.name(first['layer'])} on ({share} of the way) what the network is fed "
            "departs from the source."
        )
    return ""

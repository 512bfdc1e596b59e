"""Tell what is known of the data before any training, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.report import account, foretold, format
from autotl.report.lookup import Report, at, rows, section


def analysis(profile: Report) -> list[tuple[str, list[str]]]:
    """Titles with the sentences below them, of a profile as ``autotl analyze`` finds it."""
    parts = [
        ("The data", [_counts(profile), *account.data(profile)]),
        ("How far it lies from what each backbone was trained on", _likeness(profile)),
        ("Which backbone to start from", _choice(profile)),
        ("What more images would bring", _outlook(profile)),
        ("What to try first", _advice(profile)),
    ]
    return [(title, kept) for title, said in parts if (kept := [each for each in said if each])]


def _counts(profile: Report) -> str:
    when = section(profile, "when")
    return (
        f"{format.count(when.get('n_train'), 'image')} to learn from and "
        f"{format.value(when.get('n_test'))} to "
        f"test on, {format.count(when.get('n_classes'), 'class', 'classes')}, "
        f"{format.value(when.get('min_per_class'))} in the smallest; a typical image is "
        f"{format.value(when.get('image_side'))} pixels on its shorter side."
    )


def _likeness(profile: Report) -> list[str]:
    said = []
    for backbone, measures in section(profile, "when", "similarity").items():
        found = measures if isinstance(measures, Mapping) else {}
        places = [
            f"{format.value(name)} {each['calibrated']:.2f}{_interval(each)}"
            for name, each in found.items()
            if format.measured(at(each, "calibrated"))
        ]
        if places:
            said.append(
                f"{format.name(backbone)}, from 0 (noise) to 1 (its source's own images): "
                f"{format.listing(places, limit=12)}."
            )
        said += [foretold.departure(profile, backbone), foretold.overlap(profile, backbone)]
    return said


def _interval(found: Mapping[str, Any]) -> str:
    pair = format.ends(found.get("ci95"))
    return f" ({pair[0]:.2f} – {pair[1]:.2f})" if pair else ""


def _choice(profile: Report) -> list[str]:
    choice, scores = section(profile, "when", "choice"), section(profile, "when", "transferability")
    said = [format.sentence(choice.get("sentence"))]
    order = [str(each) for each in rows(choice, "order")]
    if len(order) < 2:
        return said
    others: dict[str, list[str]] = {}
    names = {name for each in scores.values() if isinstance(each, Mapping) for name in each}
    for name in sorted(names - {choice.get("by")}):
        known = {
            b: at(scores, b, name, "value") for b in order if format.measured(at(scores, b, name, "value"))
        }
        if len(known) > 1:
            others.setdefault(max(known, key=lambda backbone: known[backbone]), []).append(name)
    said += [
        f"{format.name(first)} is also first by {format.listing(names, limit=12)}."
        if first == order[0]
        else f"{format.name(first)} is first by {format.listing(names, limit=12)}."
        for first, names in others.items()
    ]
    return said


def _outlook(profile: Report) -> list[str]:
    curve = section(profile, "when", "learning_curve")
    if not curve:
        return []
    points = [each for each in rows(curve, "points") if isinstance(each, Mapping)]
    told = [f"{format.percent(each.get('score'))} from {format.value(each.get('n'))}" for each in points]
    return [
        f"The linear probe's validation accuracy by images learned from: {format.listing(told, limit=8)}.",
        format.sentence(curve.get("sentence")),
    ]


def _advice(profile: Report) -> list[str]:
    return [
        format.sentence(at(profile, "when", "rule_of_thumb", "sentence")),
        foretold.experience(profile),
    ]

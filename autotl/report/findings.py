"""Tell what a look through a backbone found wrong with the data: what it is, what it means, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.report import format
from autotl.report.lookup import Report, at, rows, section

SIGNIFICANT = 0.01


def told(report: Report) -> list[str]:
    """Sentences on copies, groups, leaks, doubtful labels, outliers, a shift between the parts and missing
    classes.
    """
    quality = section(report, "quality")
    parts = [
        _copies(section(quality, "near_duplicates")),
        *_groups(section(quality, "groups")),
        _leaks(section(quality, "near_leakage")),
        _labels(quality.get("label_issues")),
        _outliers(rows(quality, "outliers")),
        _shift(section(quality, "shift")),
        _missing(section(quality, "missing")),
        _cleaned(section(quality, "cleaned")),
    ]
    return [part for part in parts if part]


def _look(amount: int) -> str:
    return "looks" if amount == 1 else "look"


def _copies(found: Mapping[str, Any]) -> str:
    if not found.get("images"):
        return ""
    text = (
        f"{format.count(found['images'], 'training image')} in {format.count(found.get('groups'), 'group')} "
        "look like copies of one another: they count several times, and flatter validation where a fold "
        "divides them"
    )
    if found.get("conflicting"):
        verb = "bears" if found["conflicting"] == 1 else "bear"
        text += f"; {format.count(found['conflicting'], 'group')} {verb} different labels"
    return text + ". `--clean drop` keeps one of each, `--clean weight` lets each count less."


def _groups(found: Mapping[str, Any]) -> list[str]:
    said = []
    if found.get("groups"):
        first = [format.name(item) for item in rows(found, "examples")[:1] for item in item[:2]]
        such = f", for example {format.listing(first)}" if first else ""
        how = format.listing(sorted(section(found, "found_by")))
        groups = "1 group" if found["groups"] == 1 else f"{found['groups']:,} groups"
        text = (
            f"{format.count(found.get('images'), 'training image')} in {groups} "
            "show the same thing as others "
            f"of their group{such} (found by {how}). {_kept(found.get('divided'))}"
        )
        if found.get("moved"):
            text += f" {format.count(found['moved'], 'image')} moved to another fold to keep groups whole."
        said.append(f"{text} `--group none` switches this off.")
    for part in ("test", "validation"):
        across = section(found, f"across_{part}")
        if across.get("groups"):
            pairs = rows(across, "examples")[:1]
            such = f", for example {format.name(pairs[0][0])} and {format.name(pairs[0][1])}" if pairs else ""
            said.append(
                f"{format.count(across.get('images'), f'{part} image')} show the same thing as an image that "
                f"is learned from{such}: the {part} score may be too high. Your {part} part is kept as given."
            )
    return said


def _kept(divided: object) -> str:
    if divided == 0:
        return "No fold divides a group, so that validation is not too high."
    if isinstance(divided, int):
        return f"A fold divides {format.count(divided, 'group')}, so validation scores may be too high."
    return ""


def _leaks(found: Mapping[str, Any]) -> str:
    if not found.get("images"):
        return ""
    pairs = [pair for pair in rows(found, "examples") if len(pair) == 2]
    such = f", such as {format.name(pairs[0][0])} and {format.name(pairs[0][1])}" if pairs else ""
    return (
        f"{format.count(found['images'], 'test image')} {_look(found['images'])} like copies of training "
        f"images{such}: the test "
        "score flatters the model. `--clean drop` takes their copies out of the training part."
    )


def _labels(found: object) -> str:
    if not isinstance(found, list):
        return ""
    if not found:
        return "No label looks doubtful."
    first = found[0] if isinstance(found[0], Mapping) else {}
    such = ""
    if first.get("item"):
        such = (
            f", first {format.name(first['item'])}, labelled {format.name(first.get('given'))} and more like "
            f"{format.name(first.get('suggested'))}"
        )
    return (
        f"{format.count(len(found), 'label')} {_look(len(found))} doubtful{such}: what the frozen features "
        "say of them, "
        "learned from the other images, contradicts them. Look at them (`label_issues` in the JSON); "
        "`--clean drop` leaves the surest out, `--clean weight` lets them count less."
    )


def _outliers(found: list[Any]) -> str:
    items = [format.name(at(each, "item")) for each in found]
    if not items:
        return ""
    return (
        f"{format.count(len(items), 'training image')} {_look(len(items))} like no other of their class: "
        f"{format.listing(items, limit=4)}. They may be rare, or not belong here."
    )


def _shift(found: Mapping[str, Any]) -> str:
    p, auc = found.get("p"), found.get("auc")
    if not format.measured(p) or not format.measured(auc) or p is None or auc is None:
        return ""
    proof = f"a classifier tells them apart with an AUC of {auc:.2f}, p = {p:.3f}"
    if p >= SIGNIFICANT:
        return f"Training and test images look alike ({proof}; 0.5 is chance)."
    return (
        f"Training and test images differ ({proof}): the test score says how well the model does on the "
        "latter. `--reweight` lets training images that look like them count more."
    )


def _missing(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    each = [f"{format.name(name)} ({format.listing(map(str, parts))})" for name, parts in found.items()]
    return (
        f"Some classes are missing from a part: {format.listing(each)}. What is missing there is not "
        "measured: add images of it."
    )


def _cleaned(found: Mapping[str, Any]) -> str:
    said = []
    if found.get("dropped"):
        said.append(f"{format.count(found['dropped'], 'training image')} were left out, as asked")
    if found.get("reweighted") and format.measured(found.get("n_eff")):
        said.append(
            f"training images were weighted, as asked: they are worth {found['n_eff']:,.0f} "
            "that all count alike"
        )
    return format.sentence("; ".join(said))

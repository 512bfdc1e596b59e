"""Describe what labelled source images contributed to an exploration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autotl.exploration.grouping.choose import Grouping
from autotl.exploration.images.source_rows import SourceRows
from autotl.exploration.stability_entry import stability_entry


@dataclass(frozen=True, slots=True)
class Source:
    """The labelled source images, and the name of their data."""

    name: str
    rows: SourceRows


def source_sentence(source: SourceRows, grouping: Grouping) -> str:
    """Return what the source images contributed, as a sentence.

    Args:
        source: The source images.
        grouping: The clusters.
    """
    images = f"The {len(source.used):,} source images of {source.classes:,} classes"
    compared = grouping.source
    if compared is None:
        return f"{images} could not be used: the network sees no difference between the images."
    new, old = compared.with_source, compared.without
    numbers = (
        f"gain in stability {new.gain:.2f} ± {new.gain_error:.2f} with them, "
        f"{old.gain:.2f} ± {old.gain_error:.2f} without"
    )
    if compared.kept:
        effect = "more stable" if new.is_clear == old.is_clear else "clear"
        used = "distances ignore what varies within these classes"
        return f"{images} make the clusters {effect} ({numbers}): {used}."
    return f"{images} do not make the clusters more stable ({numbers}): they are not used."


def source_entry(source: Source, grouping: Grouping) -> dict[str, Any]:
    """Return the entry ``source`` of ``explore.json``."""
    rows = source.rows
    return {
        "data": source.name,
        "images": len(rows.used),
        "classes": rows.classes,
        "left_out": rows.left_out,
        "unreadable": len(rows.rows.scan.unreadable),
        "kept": grouping.uses_source,
        "sentence": source_sentence(rows, grouping),
        "by_backbone": {
            name: {
                "with": stability_entry(each.with_source),
                "without": stability_entry(each.without),
                "kept": each.kept,
            }
            for name, each in grouping.sources.items()
        },
    }

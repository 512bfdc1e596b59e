"""Describe an exploration as plain data, in sentences and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from autotl.api import Backbone
from autotl.exploration.findings import Findings
from autotl.exploration.grouping.choose import Grouping, MarginLabels
from autotl.exploration.images.features import ImageRows
from autotl.exploration.images.listing import address_of
from autotl.exploration.images.source_rows import SourceRows
from autotl.exploration.projection import Map
from autotl.exploration.source_part import Source, source_entry, source_sentence
from autotl.exploration.stability_entry import stability_entry
from autotl.jsonio import FORMAT
from autotl.report.format import count

REPRESENTATIVES = 8
"""Representatives of a cluster in the document."""
MAX_LISTED = 200
"""Outliers, sets of copies and unreadable images in the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All results of an exploration.

    Attributes:
        name: The name of the data.
        rows: The images.
        backbones: The networks, by name.
        grouping: The clusters.
        found: The facts about each image.
        map: The positions.
        notes: Sentences for the user.
        seed: The seed.
        seconds: The time of the exploration.
        source: The labelled source images; None without any.
    """

    name: str
    rows: ImageRows
    backbones: Mapping[str, Backbone]
    grouping: Grouping
    found: Findings
    map: Map
    notes: Sequence[str]
    seed: int
    seconds: float
    source: Source | None = None


def build_document(evidence: Evidence) -> dict[str, Any]:
    """Return the content of ``explore.json``."""
    return {
        "format": FORMAT,
        "autotl": version("autotl"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": evidence.name,
        "sentence": key_sentence(evidence.grouping, len(evidence.rows)),
        **_images(evidence),
        **_groups(evidence),
        "source": None if evidence.source is None else source_entry(evidence.source, evidence.grouping),
        **_issues(evidence),
        "map": evidence.map.method,
        "notes": list(evidence.notes),
        "seed": evidence.seed,
        "seconds": evidence.seconds,
    }


def _images(evidence: Evidence) -> dict[str, Any]:
    scan = evidence.rows.scan
    return {
        "images": {
            "given": len(evidence.rows.images),
            "distinct": len(evidence.rows),
            "exact_copies": len(scan.copies),
            "unreadable": len(scan.unreadable),
            "typical_size": scan.typical_size,
        },
        "unreadable": [
            {"image": address_of(evidence.rows.images[number]), "why": why}
            for number, why in list(scan.unreadable.items())[:MAX_LISTED]
        ],
    }


def _groups(evidence: Evidence) -> dict[str, Any]:
    grouping = evidence.grouping
    return {
        "backbones": [_backbone(each) for each in evidence.backbones.values()],
        "backbone": grouping.backbone,
        "k": grouping.k,
        "clear": grouping.is_clear,
        "method": grouping.method,
        "fixed": grouping.fixed,
        "stability": None if grouping.chosen is None else stability_entry(grouping.chosen),
        "stability_by_k": {
            name: [stability_entry(each) for each in measured] for name, measured in grouping.measured.items()
        },
        "density": _density(grouping),
        "margin": _margin(grouping.margin),
        "clusters": [_cluster(evidence, number) for number in _numbers(grouping)],
    }


def _issues(evidence: Evidence) -> dict[str, Any]:
    found = evidence.found
    return {
        "outliers": [
            {
                "image": address_of(evidence.rows.image(row)),
                "score": float(found.outlier_scores[row]),
                "row": row,
            }
            for row in found.outlier_rows[:MAX_LISTED].tolist()
        ],
        "near_copies": [
            [address_of(evidence.rows.image(row)) for row in rows] for rows in found.near_copies[:MAX_LISTED]
        ],
        "near_copy_sets": len(found.near_copies),
        "compared_for_copies": found.compared,
    }


def key_sentence(grouping: Grouping, images: int) -> str:
    """Return the main result as a sentence.

    Args:
        grouping: The clusters.
        images: The number of distinct images.
    """
    chosen = grouping.chosen
    if chosen is None:
        return f"The {images:,} images form no clear clusters: the network sees no difference between them."
    measured = "stability of k-means" if grouping.method == "TURTLE" else "stability"
    found = f"{measured} {chosen.mean:.2f} ± {chosen.spread:.2f}"
    chance = f"{chosen.null_mean:.2f} without any clusters"
    if grouping.is_clear:
        return f"The {images:,} images form {grouping.k} clear clusters ({found}; {chance})."
    if grouping.fixed:
        return (
            f"The {images:,} images are divided into {grouping.k} clusters, as asked, but these are not "
            f"clear ({found}; {chance})."
        )
    return (
        f"The {images:,} images form no clear clusters: the best division, into {chosen.k}, is not stable "
        f"enough ({found}; {chance})."
    )


def method_notes(grouping: Grouping, source: SourceRows | None = None) -> list[str]:
    """Return sentences on the chosen backbone and method, and on source images."""
    notes = []
    if source is not None:
        notes.append(source_sentence(source, grouping))
        if source.left_out:
            copies = count(source.left_out, "source image is", "source images are")
            notes.append(f"{copies} left out as copies of explored images.")
    if grouping.chosen is not None and not grouping.is_clear and not grouping.fixed:
        k = grouping.chosen.k
        notes.append(f"Give --clusters {k} (clusters={k}) to divide the images all the same, for labelling.")
    if len(grouping.measured) > 1:
        others = ", ".join(sorted(name for name in grouping.measured if name != grouping.backbone))
        notes.append(f"The clusters of {grouping.backbone} gain more in stability than those of {others}.")
    density = grouping.density
    if density is not None:
        text = f"HDBSCAN finds {density.k} dense clusters, and {density.noise:.0%} of the images in none"
        kept = "its clusters are used" if grouping.method == "HDBSCAN" else "its clusters are not used"
        notes.append(f"{text}; {kept}.")
    margin = grouping.margin
    if margin is not None:
        notes.append(
            f"Linear classifiers learn TURTLE's labels with a kappa of {margin.turtle.mean:.2f} ± "
            f"{margin.turtle.error:.2f}, and those of k-means with {margin.k_means.mean:.2f} ± "
            f"{margin.k_means.error:.2f}: {'TURTLE' if margin.kept else 'k-means'} is used."
        )
    return notes


def _numbers(grouping: Grouping) -> list[int]:
    """Return the clusters, and -1 if some images are in none."""
    return [*range(grouping.k), *([-1] if (grouping.ids < 0).any() else [])]


def _cluster(evidence: Evidence, number: int) -> dict[str, Any]:
    grouping, found = evidence.grouping, evidence.found
    members = np.flatnonzero(grouping.ids == number)
    first = members[np.argsort(found.ranks[members], kind="stable")][:REPRESENTATIVES]
    far = [row for row in found.outlier_rows.tolist() if grouping.ids[row] == number]
    return {
        "cluster": number,
        "size": len(members),
        "mean_distance": float(found.distances[members].mean()),
        "outliers": len(far),
        "representatives": [address_of(evidence.rows.image(row)) for row in first.tolist()],
        "rows": first.tolist(),
        "outlier_rows": far[:REPRESENTATIVES],
    }


def _backbone(each: Backbone) -> dict[str, Any]:
    return {
        "name": each.name,
        "origin": each.origin,
        "digest": each.digest,
        "input_size": each.input_size,
        "features": each.features,
    }


def _density(grouping: Grouping) -> dict[str, Any] | None:
    found = grouping.density
    if found is None:
        return None
    return {"k": found.k, "noise": found.noise, "stability": stability_entry(found.stability)}


def _margin(found: MarginLabels | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "turtle": found.turtle.mean,
        "turtle_error": found.turtle.error,
        "k_means": found.k_means.mean,
        "k_means_error": found.k_means.error,
        "smallest": found.smallest,
        "kept": found.kept,
    }

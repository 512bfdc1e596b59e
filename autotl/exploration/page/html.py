"""Render an exploration as one self-contained page of bounded size."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from autotl.exploration.document import Evidence
from autotl.exploration.page.map_figure import Point, cluster_mark, draw_map, shown_rows
from autotl.exploration.page.thumbnails import thumbnail_uri
from autotl.report import Table, figures
from autotl.report.render.html import page_environment
from autotl.seeds import derive

MAX_THUMBNAILS = 600
"""Thumbnails on the page; with at most 8 kB each they take 6.4 MB in base64."""
MAX_WIDE_POINTS, MAX_NARROW_POINTS = 2000, 600
"""Images on the map for large screens, and on that for phones."""
MAX_STRIP, MAX_CLUSTER_OUTLIERS, MAX_PAIRS = 16, 4, 24
"""Outliers of all images, outliers of a cluster, and sets of near copies that are shown."""
MAX_NAME = 90
"""Characters of a file name; longer names are cut at the front."""
MAX_SHOWN_CLUSTERS = 100
"""Clusters with thumbnails; the table lists all."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A thumbnail with the name of its image, and a remark."""

    uri: Markup
    name: str
    remark: str = ""


class _Pictures:
    """Makes thumbnails up to a number; later images are shown by name alone."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self._made = evidence, 0

    def of(self, rows: Iterable[int], remark: Mapping[int, str] | None = None) -> list[Picture]:
        """Return the pictures of some rows."""
        return [self._picture(row, (remark or {}).get(row, "")) for row in rows]

    def _picture(self, row: int, remark: str) -> Picture:
        image, uri = self._evidence.rows.image(row), ""
        if self._made < MAX_THUMBNAILS:
            uri = thumbnail_uri(image, self._evidence.rows.scan.scale)
            self._made += 1
        return Picture(Markup(uri), short_name(image.name), remark)


def page(evidence: Evidence, document: Mapping[str, Any]) -> str:
    """Return the page: map, clusters, outliers, near copies, and how to label.

    It fetches nothing. A small script highlights a cluster on the map; without scripts nothing is missing.

    Args:
        evidence: The results.
        document: The content of ``explore.json``.
    """
    environment, pictures = page_environment("autotl.exploration"), _Pictures(evidence)
    script = environment.get_template("explore.js").render()
    text = environment.get_template("explore.html.j2").render(
        document=document,
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        figure_style=Markup(figures.STYLE),
        numbers=_numbers(document),
        map=_map(evidence, document),
        clusters=_clusters(evidence, document, pictures),
        outliers=_outliers(evidence, pictures),
        copies=_copies(evidence, pictures),
        tables=_tables(document),
    )
    # names that are not valid Unicode must not raise an error
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def short_name(name: str) -> str:
    """Return the end of a long name, on one line."""
    line = " ".join(name.split())
    return line if len(line) <= MAX_NAME else f"…{line[-MAX_NAME:]}"


def _numbers(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    images, chosen = document["images"], document["stability"]
    left_out, divided = images["exact_copies"] + images["unreadable"], document["method"] != "none"
    return [
        (f"{images['distinct']:,}", "different images", f"{left_out:,} exact copies or unreadable"),
        (str(document["k"]), "clusters", document["method"]) if divided else ("none", "clear clusters", ""),
        (
            f"{chosen['mean']:.2f}" if chosen else "–",
            "stability",
            f"± {chosen['spread']:.2f}; {chosen['null_mean']:.2f} without clusters" if chosen else "",
        ),
        (f"{document['near_copy_sets']:,}", "sets of near copies", ""),
    ]


def _map(evidence: Evidence, document: Mapping[str, Any]) -> dict[str, Markup]:
    ids, positions = evidence.grouping.ids, evidence.map.positions
    always = [row for cluster in document["clusters"] for row in cluster["rows"][:1]]
    drawn = {}
    for name, width, most in (
        ("wide", figures.WIDE, MAX_WIDE_POINTS),
        ("narrow", figures.NARROW, MAX_NARROW_POINTS),
    ):
        rows = shown_rows(len(ids), most, always, seed=derive(evidence.seed, "drawn"))
        named = name == "wide"  # a phone has no pointer to show names with
        points = [
            Point(
                float(positions[row, 0]),
                float(positions[row, 1]),
                int(ids[row]),
                short_name(evidence.rows.image(row).name) if named else "",
            )
            for row in rows.tolist()
        ]
        svg = draw_map(points, width=width, labels=document["method"] != "none")
        drawn[name] = Markup(svg.replace(figures.STYLE, ""))
    return drawn


def _clusters(evidence: Evidence, document: Mapping[str, Any], pictures: _Pictures) -> list[dict[str, Any]]:
    found = []
    for cluster in document["clusters"][:MAX_SHOWN_CLUSTERS]:
        number = cluster["cluster"]
        title = f"Cluster {number}"
        if number < 0:
            title = "In no cluster"
        elif document["method"] == "none":
            title = "All images"
        found.append(
            {
                "number": number,
                "title": title,
                "size": f"{cluster['size']:,}",
                "mark": Markup(cluster_mark(number)),
                "pictures": pictures.of(cluster["rows"]),
                "outliers": pictures.of(
                    cluster["outlier_rows"][:MAX_CLUSTER_OUTLIERS], _scores(evidence, cluster["outlier_rows"])
                ),
            }
        )
    return found


def _scores(evidence: Evidence, rows: Sequence[int]) -> dict[int, str]:
    return {row: f"score {evidence.found.outlier_scores[row]:.1f}" for row in rows}


def _outliers(evidence: Evidence, pictures: _Pictures) -> list[Picture]:
    rows = evidence.found.outlier_rows[:MAX_STRIP].tolist()
    return pictures.of(rows, _scores(evidence, rows))


def _copies(evidence: Evidence, pictures: _Pictures) -> list[list[Picture]]:
    return [pictures.of(rows[:2]) for rows in evidence.found.near_copies[:MAX_PAIRS]]


def _tables(document: Mapping[str, Any]) -> dict[str, Table]:
    clusters = tuple(
        (
            "none" if each["cluster"] < 0 else str(each["cluster"]),
            f"{each['size']:,}",
            str(each["outliers"]),
            short_name(each["representatives"][0]),
        )
        for each in document["clusters"]
    )
    stability = tuple(
        (
            name,
            str(each["k"]),
            f"{each['mean']:.2f} ± {each['spread']:.2f}",
            f"{each['null_mean']:.2f}",
            f"{each['gain']:.2f}",
            "yes" if each["clear"] else "no",
        )
        for name, measured in document["stability_by_k"].items()
        for each in measured
    )
    unreadable = tuple((short_name(each["image"]), each["why"][:200]) for each in document["unreadable"])
    return {
        "clusters": Table(("Cluster", "Images", "Outliers", "Example"), clusters, frozenset({1, 2})),
        "stability": Table(
            ("Backbone", "Clusters", "Stability", "Without clusters", "Gain", "Clear"),
            stability,
            frozenset({1, 2, 3, 4}),
        ),
        "source": _source_table(document),
        "unreadable": Table(("Image", "Reason"), unreadable),
    }


def _source_table(document: Mapping[str, Any]) -> Table:
    """Return the stability with and without source images; empty without any."""
    by_backbone = (document["source"] or {"by_backbone": {}})["by_backbone"]
    rows = tuple(
        (
            name,
            side,
            str(each[side]["k"]),
            f"{each[side]['mean']:.2f} ± {each[side]['spread']:.2f}",
            f"{each[side]['gain']:.2f}",
            "yes" if (side == "with") == each["kept"] else "no",
        )
        for name, each in by_backbone.items()
        for side in ("with", "without")
    )
    return Table(
        ("Backbone", "Source images", "Clusters", "Stability", "Gain", "Used"), rows, frozenset({2, 3, 4})
    )

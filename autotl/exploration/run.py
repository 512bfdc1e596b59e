"""Lead an exploration from the images to its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl import files, jsonio
from autotl.api import Backbone, BackboneSource
from autotl.clock import Clock
from autotl.data import join_names
from autotl.errors import DataError
from autotl.exploration.document import Evidence, build_document, method_notes
from autotl.exploration.findings import find_facts
from autotl.exploration.grouping.choose import Grouping, group_rows
from autotl.exploration.grouping.reduction import Matrix, reduce_features, unit_rows
from autotl.exploration.grouping.source_space import whitening
from autotl.exploration.images.features import ImageRows, choose_weights, compute_features, describe_backbones
from autotl.exploration.images.listing import Readers, list_images
from autotl.exploration.images.scan import Scan, scan_images
from autotl.exploration.images.source_rows import SourceRows, read_source
from autotl.exploration.page.html import page
from autotl.exploration.projection import project
from autotl.exploration.result import FEATURES, PAGE, Exploration
from autotl.exploration.source_part import Source
from autotl.exploration.table import CLUSTER_TABLE, TABLE, cluster_table, image_table
from autotl.exploration.work_folder import DOCUMENT, OutFolder, RowFile, open_out_folder
from autotl.progress import report_progress
from autotl.report import data_name
from autotl.results.csv_text import csv_text
from autotl.seeds import derive

MIN_IMAGES = 20
"""Different images that clusters can be searched for in."""
MIN_PER_CLUSTER = 2
"""Images per cluster that a fixed number of clusters leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of an exploration.

    Attributes:
        backbone: Names of backbones, or "auto" alone.
        clusters: The number of clusters; None to choose it.
        max_clusters: The largest number of clusters to try.
        image: The column of a table that holds the images.
        image_size: The image size in pixels; None for the recommended one.
        projection: The name of the map's method.
        device: Runs the networks.
        seed: The seed of all random choices.
    """

    backbone: tuple[str, ...] = ("auto",)
    clusters: int | None = None
    max_clusters: int = 30
    image: str | None = None
    image_size: int | None = None
    projection: str = "auto"
    device: str = "cpu"
    seed: int = 0


def explore_images(
    images: Any,
    *,
    source: Any,
    out: str | Path | None,
    options: Options,
    readers: Readers,
    sources: Mapping[str, BackboneSource],
    clock: Clock,
) -> Exploration:
    """Explore images without labels, and write the folder.

    Args:
        images: The images, in any form.
        source: Labelled images of other classes; None for none.
        out: The new folder, or that of an interrupted exploration.
        options: The options.
        readers: Returns the readers by name.
        sources: The sources of backbones, by name.
        clock: The clock.

    Raises:
        AutotlError: An error of :mod:`autotl.errors`.
    """
    folder = open_out_folder(out, images)
    try:
        with folder.locked():
            found = _explore(images, source, folder, options, readers, sources, clock)
    except BaseException:
        folder.remove_unless_resumable()
        raise
    folder.remove_work()
    if folder.temporary:
        found.remove_with_result()
    return found


def _explore(
    images: Any,
    source: Any,
    folder: OutFolder,
    options: Options,
    readers: Readers,
    sources: Mapping[str, BackboneSource],
    clock: Clock,
) -> Exploration:
    started = clock.now()
    report_progress("listing images")
    listed = list_images(images, readers=readers, image=options.image)
    rows = ImageRows(listed.images, scan_images(listed.images, folder.work))
    check_images(rows, options.clusters)
    known = _read_source(source, rows, folder, readers, seed=options.seed)
    chosen, notes = choose_weights(options.backbone, sources, device=options.device, images=len(rows))
    networks = describe_backbones(
        chosen, rows, image_size=options.image_size, device=options.device, clock=clock
    )
    features = _features(rows, networks, folder, device=options.device)
    changed = {} if known is None else _source_spaces(known, features, networks, folder, options)
    grouping, space = _group(features, changed, options)
    file = features[grouping.backbone]
    found = find_facts(grouping, space, file.read(), rows.scan.looks, seed=options.seed)
    report_progress("drawing the map")
    placed = project(space, method=options.projection, seed=options.seed)
    evidence = Evidence(
        name=data_name(images),
        rows=rows,
        backbones={each.name: each for each in networks},
        grouping=grouping,
        found=found,
        map=placed,
        notes=[*_image_notes(rows, listed.notes), *notes, *method_notes(grouping, known), placed.note],
        source=None if known is None else Source(data_name(source), known),
        seed=options.seed,
        seconds=clock.now() - started,
    )
    return _write(evidence, folder, file)


def check_images(rows: ImageRows, clusters: int | None) -> None:
    """Check that there are enough different images.

    Raises:
        DataError: There are too few.
    """
    scan = rows.scan
    if len(rows) < MIN_IMAGES:
        copies = f"; {len(scan.copies):,} others are exact copies" if scan.copies else ""
        raise DataError(
            f"There must be {MIN_IMAGES} different images or more to explore (got {len(rows)}{copies}"
            f"{_unreadable_text(scan, rows)}). Add images."
        )
    if clusters is not None and clusters > len(rows) // MIN_PER_CLUSTER:
        raise DataError(
            f"clusters must be at most half of the {len(rows):,} different images (got {clusters}). "
            "Give a smaller number."
        )


def _features(
    rows: ImageRows, networks: Sequence[Backbone], folder: OutFolder, *, device: str
) -> dict[str, RowFile]:
    return {each.name: compute_features(rows, each, folder.work, device=device) for each in networks}


def _read_source(
    source: Any, rows: ImageRows, folder: OutFolder, readers: Readers, *, seed: int
) -> SourceRows | None:
    """Read the source images, if there are any."""
    if source is None:
        return None
    report_progress("listing source images")
    explored = frozenset(rows.scan.digests)
    return read_source(source, explored, folder.work / "source", readers=readers, seed=derive(seed, "source"))


def _source_spaces(
    source: SourceRows,
    features: Mapping[str, RowFile],
    networks: Sequence[Backbone],
    folder: OutFolder,
    options: Options,
) -> dict[str, Matrix]:
    """Return components by distances that ignore what varies within source classes, by backbone."""
    found = {}
    for network in networks:
        known = compute_features(source.rows, network, folder.work, device=options.device).read()
        linear = whitening(known[source.used], source.labels[source.used])
        seed = derive(options.seed, "reduction")
        found[network.name] = reduce_features(features[network.name].read(), seed=seed, linear=linear)
    return found


def _group(
    features: Mapping[str, RowFile], with_source: Mapping[str, Matrix], options: Options
) -> tuple[Grouping, Matrix]:
    """Return the clusters, and the unit rows that they divide."""
    spaces = _spaces(features, seed=options.seed)
    grouping = group_rows(
        spaces,
        clusters=options.clusters,
        max_clusters=options.max_clusters,
        seed=options.seed,
        with_source=with_source,
    )
    used = with_source if grouping.uses_source else spaces
    return grouping, unit_rows(used[grouping.backbone])


def _spaces(features: Mapping[str, RowFile], *, seed: int) -> dict[str, Matrix]:
    report_progress("reducing features")
    return {
        name: reduce_features(file.read(), seed=derive(seed, "reduction")) for name, file in features.items()
    }


def _image_notes(rows: ImageRows, notes: Sequence[str]) -> list[str]:
    """Return sentences on copies, unreadable images and pixel scales."""
    found = [*notes, *rows.scan.notes]
    if rows.scan.copies:
        found.append(f"{len(rows.scan.copies):,} exact copies are counted once.")
    if rows.scan.unreadable:
        found.append(f"{len(rows.scan.unreadable):,} images are left out{_unreadable_text(rows.scan, rows)}.")
    return found


def _unreadable_text(scan: Scan, rows: ImageRows) -> str:
    """Return a part of a sentence on unreadable images; "" without any."""
    if not scan.unreadable:
        return ""
    examples = (f"{rows.images[number].name} ({why})" for number, why in scan.unreadable.items())
    return f"; unreadable: {join_names(examples, limit=3)}"


def _write(evidence: Evidence, folder: OutFolder, file: RowFile) -> Exploration:
    """Write all files of the folder, the document last."""
    report_progress("writing the page")
    document = jsonio.plain(build_document(evidence))
    table = image_table(evidence.rows, evidence.grouping, evidence.found, evidence.map.positions)
    for name, content in ((TABLE, table), (CLUSTER_TABLE, cluster_table(evidence.grouping, table))):
        files.write_bytes(folder.path / name, csv_text(content).encode("utf-8", errors="backslashreplace"))
    jsonio.write_text(folder.path / PAGE, page(evidence, document))
    file.give_to(folder.path / FEATURES)
    jsonio.write(folder.path / DOCUMENT, document)
    return Exploration(
        folder=folder.path,
        document=document,
        clusters=evidence.grouping.ids,
        embedding=evidence.map.positions,
        images=table,
    )

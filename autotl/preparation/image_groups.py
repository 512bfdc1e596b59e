"""Keep together in the folds what belongs together if nobody says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.clock import Deadline
from autotl.config.run_config import RunConfig
from autotl.data import count_divided_groups, fold_numbers, keep_groups_together, with_groups
from autotl.preparation.group_record import GroupRecord
from autotl.preparation.record import PreparationRecord
from autotl.progress import doing
from autotl.quality import Evidence, Groups, attach, find_groups
from autotl.seeds import derive
from autotl.workbench.reordering import carry_over
from autotl.workbench.run_cache import RunCache

SHARE = 0.05
"""Of the time left, what the search before the split may take, and the search by features again."""

Rows = NDArray[np.int64]


def first_groups(
    setup: RunConfig, dataset: Dataset, decided: PreparationRecord | None, *, end: Deadline
) -> tuple[Dataset, GroupRecord, Groups]:
    """Find groups before the split, by names, capture times and hashes.

    None are looked for if the user named some or wants none. A resumed run keeps its groups. The user's own
    test part has no say in the groups: its images are attached to them for a note.

    Args:
        setup: What the user asked for.
        dataset: The images.
        decided: What was decided before, if the run is resumed.
        end: The end of the budget.

    Returns:
        The dataset with groups, what is known of them, and the evidence for them.
    """
    named = setup.columns.group is not None or bool(dataset.table["group"].notna().any())
    found = Groups()
    if decided is not None:
        kept = decided.grouping
    elif named:
        kept = GroupRecord()
    else:
        doing("looking for groups of images")
        learned = (dataset.table["part"] != "test").to_numpy()
        rows = np.flatnonzero(learned)
        pulse, seed = end.share(SHARE).check, derive(setup.seed, "groups")
        found = _of(rows, find_groups(_evidence(dataset, rows), seed=seed, pulse=pulse))
        names, hashes = dataset.table["item"].tolist(), dataset.table["looks"].to_numpy()
        kept = GroupRecord(True, attach(found, names, hashes, learned), unfinished=not found.complete)
    return with_groups(dataset, kept.first) if kept.first else dataset, kept, found


def last_groups(
    setup: RunConfig, materials: RunCache, grouping: GroupRecord, known: Groups, *, end: Deadline
) -> tuple[RunCache, GroupRecord]:
    """Find groups by the features of the training images, and change the folds that divide them.

    Args:
        setup: What the user asked for.
        materials: The images and their features.
        grouping: The groups found before the split.
        known: The evidence for them.
        end: The end of the budget.

    Returns:
        The materials with the new folds, and the groups in them.
    """
    if not grouping.on:
        return materials, grouping
    if grouping.last is None:
        grouping = _with_features(setup, materials, grouping, known, end)
    if not grouping.last:
        return materials, grouping
    dataset = with_groups(materials.dataset, grouping.last)
    splits = keep_groups_together(dataset, materials.splits, seed=setup.seed)
    before, after = (fold_numbers(len(dataset), each.first) for each in (materials.splits, splits))
    changed = RunCache(
        dataset,
        splits,
        materials.backbones,
        materials.store,
        device=setup.device,
        processes=setup.processes,
        before=materials,
    )
    carry_over(materials, changed)
    moved = int((before != after).sum())
    return changed, replace(grouping, moved=moved, divided=count_divided_groups(splits, grouping.last))


def _with_features(
    setup: RunConfig, materials: RunCache, grouping: GroupRecord, known: Groups, end: Deadline
) -> GroupRecord:
    rows = np.sort(materials.order)
    name, facts = next(iter(materials.backbones.items()))
    features = materials.features(name, side=facts.side).numpy()[materials.positions(rows).numpy()]
    seen = _evidence(materials.dataset, rows, features)
    inside, pulse, seed = _within(known, rows), end.share(SHARE).check, derive(setup.seed, "groups")
    found = _of(rows, find_groups(seen, known=inside, seed=seed, pulse=pulse))
    grouped_rows = {row for each in found.sets for row in each}
    found_by = Counter(how for row, how in found.how.items() if row in grouped_rows)
    return replace(
        grouping,
        last=found.sets,
        found_by=dict(found_by),
        unfinished=grouping.unfinished or not found.complete,
        uncompared=found.uncompared,
    )


def _of(rows: Rows, found: Groups) -> Groups:
    """The groups in rows of the dataset, which were found in places among ``rows``."""
    sets = tuple(tuple(rows[list(each)].tolist()) for each in found.sets)
    return replace(found, sets=sets, how={int(rows[place]): why for place, why in found.how.items()})


def _within(known: Groups, rows: Rows) -> Groups:
    """The groups among ``rows``, as places in them."""
    place: Mapping[int, int] = {row: number for number, row in enumerate(rows.tolist())}
    sets = [tuple(place[row] for row in each if row in place) for each in known.sets]
    how = {place[row]: why for row, why in known.how.items() if row in place}
    return Groups(tuple(each for each in sets if len(each) > 1), how)


def _evidence(dataset: Dataset, rows: Rows, features: NDArray[np.floating] | None = None) -> Evidence:
    table = dataset.table.iloc[rows]
    return Evidence(
        table["item"].tolist(),
        table["label"].to_numpy(dtype=np.int64),
        table["looks"].to_numpy(),
        table["taken"].tolist(),
        features,
    )

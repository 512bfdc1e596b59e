"""Keep images that show the same thing in one fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.clock import Deadline
from autotl.config.run_settings import RunSettings
from autotl.data import count_divided_groups, fold_numbers, keep_groups_together, strata_of, with_groups
from autotl.preparation.group_record import GroupRecord
from autotl.progress import report_progress
from autotl.quality import Evidence, Groups, attach_to_groups, find_groups
from autotl.seeds import derive
from autotl.workbench.reordering import copy_cached_arrays
from autotl.workbench.run_cache import RunCache

SHARE = 0.05
"""The fraction of the time left that each search for groups may take, before the split and by features."""

Rows = NDArray[np.int64]


def first_groups(
    settings: RunSettings, dataset: Dataset, recorded: GroupRecord | None, *, end: Deadline
) -> tuple[Dataset, GroupRecord, Groups]:
    """Find groups before the split, by names, capture times and hashes.

    There is no search if the user names groups or wants none. The user's own test part does not influence
    the groups: its images are attached to them for a note.

    Args:
        settings: The options of the run.
        dataset: The images.
        recorded: The groups of an earlier start of the run, which stay.
        end: The end of the budget.

    Returns:
        The dataset with the groups, the groups, and the evidence for them.
    """
    evidence = Groups()
    named = settings.columns.group is not None or bool(dataset.table["group"].notna().any())
    if recorded is not None:
        groups = recorded
    elif named or "taken" not in dataset.table:  # evidence of one origin is that of photographs
        groups = GroupRecord()
    else:
        report_progress("searching for groups of images")
        groups, evidence = _search_before_split(settings, dataset, end)
    return with_groups(dataset, groups.first) if groups.first else dataset, groups, evidence


def last_groups(
    settings: RunSettings, run_cache: RunCache, grouping: GroupRecord, known: Groups, *, end: Deadline
) -> tuple[RunCache, GroupRecord]:
    """Find groups by features, and change the folds that divide them.

    Args:
        settings: The options of the run.
        run_cache: The images and their features.
        grouping: The groups before the split.
        known: The evidence for them.
        end: The end of the budget.

    Returns:
        The images and features with the new folds, and the groups in them.
    """
    if not grouping.on:
        return run_cache, grouping
    if grouping.last is None:
        grouping = _search_by_features(settings, run_cache, grouping, known, end)
    if not grouping.last:
        return run_cache, grouping
    dataset = with_groups(run_cache.dataset, grouping.last)
    splits = keep_groups_together(dataset, run_cache.splits, seed=settings.seed)
    before, after = (fold_numbers(len(dataset), each.first) for each in (run_cache.splits, splits))
    changed = RunCache(
        dataset,
        splits,
        run_cache.backbones,
        run_cache.store,
        device=settings.device,
        processes=settings.compute.processes,
        previous=run_cache,
    )
    copy_cached_arrays(run_cache, changed)
    moved = int((before != after).sum())
    return changed, replace(grouping, moved=moved, divided=count_divided_groups(splits, grouping.last))


def _search_before_split(
    settings: RunSettings, dataset: Dataset, end: Deadline
) -> tuple[GroupRecord, Groups]:
    """Return the groups by names, capture times and hashes, with the evidence."""
    learned = (dataset.table["part"] != "test").to_numpy()
    rows = np.flatnonzero(learned)
    check, seed = end.share(SHARE).check, derive(settings.seed, "groups")
    evidence = _in_dataset_rows(rows, find_groups(_evidence(dataset, rows), seed=seed, check_cancelled=check))
    names, hashes = dataset.table["item"].tolist(), dataset.table["looks"].to_numpy()
    sets = attach_to_groups(evidence, names, hashes, learned)
    return GroupRecord(True, sets, unfinished=not evidence.complete), evidence


def _search_by_features(
    settings: RunSettings, run_cache: RunCache, grouping: GroupRecord, known: Groups, end: Deadline
) -> GroupRecord:
    """Return the groups, including those by features of the first backbone."""
    rows = np.sort(run_cache.order)
    name, facts = next(iter(run_cache.backbones.items()))
    features = run_cache.features(name, input_size=facts.input_size).numpy()[
        run_cache.positions(rows).numpy()
    ]
    evidence = _evidence(run_cache.dataset, rows, features)
    inside, check, seed = _in_places(known, rows), end.share(SHARE).check, derive(settings.seed, "groups")
    found = _in_dataset_rows(rows, find_groups(evidence, known=inside, seed=seed, check_cancelled=check))
    grouped_rows = {row for each in found.sets for row in each}
    found_by = Counter(how for row, how in found.how.items() if row in grouped_rows)
    return replace(
        grouping,
        last=found.sets,
        found_by=dict(found_by),
        unfinished=grouping.unfinished or not found.complete,
        uncompared=found.uncompared,
    )


def _in_dataset_rows(rows: Rows, groups: Groups) -> Groups:
    """Translate groups from positions in ``rows`` to rows of the dataset."""
    sets = tuple(tuple(rows[list(each)].tolist()) for each in groups.sets)
    return replace(groups, sets=sets, how={int(rows[place]): why for place, why in groups.how.items()})


def _in_places(groups: Groups, rows: Rows) -> Groups:
    """Translate groups from rows of the dataset to positions in ``rows``."""
    place: Mapping[int, int] = {row: number for number, row in enumerate(rows.tolist())}
    sets = [tuple(place[row] for row in each if row in place) for each in groups.sets]
    how = {place[row]: why for row, why in groups.how.items() if row in place}
    return Groups(tuple(each for each in sets if len(each) > 1), how)


def _evidence(dataset: Dataset, rows: Rows, features: NDArray[np.floating] | None = None) -> Evidence:
    table = dataset.table.iloc[rows]
    return Evidence(
        table["item"].tolist(),
        strata_of(dataset)[rows],
        table["looks"].to_numpy(),
        table["taken"].tolist(),
        features,
    )

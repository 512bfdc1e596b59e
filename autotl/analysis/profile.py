"""Survey the data through every backbone: how far it lies, which promises most, what is wrong with it.

Each step keeps to its share of the budget; a thorough survey takes the time it needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from autotl.analysis.backbone_ranking import SCORED_ROWS, Ranking, Scores
from autotl.analysis.data_issues import DataIssues, find_issues
from autotl.analysis.frozen_features import look
from autotl.analysis.learning_curve import probe_at_sizes
from autotl.analysis.more_images import Outlook, outlook
from autotl.analysis.similarity import RESAMPLES, RESAMPLES_THOROUGH, measure_likeness
from autotl.api import AnySimilarity, Backbone, Likeness, Transferability
from autotl.budget.policy import POLICY
from autotl.clock import NEVER, Clock, Deadline, OutOfTime
from autotl.config.run_config import RunConfig
from autotl.data import LockedTest, quietly, reason, render_images, view_of
from autotl.errors import DataError
from autotl.progress import doing
from autotl.seeds import derive
from autotl.workbench.run_cache import RunCache

SCORED_THOROUGHLY = 10_000
"""Images that a thorough survey measures scores on that do not decide."""
FIT_SECONDS = 4e-8
"""The seconds that the fits of the probe's learning curve take.

The seconds are for one image, feature and class on common hardware.
"""
LEAST_SOURCE, SOURCE_IMAGES = 32, 2000
BROKEN_SOURCE = 0.05
"""The share of source images that cannot be read above which the source is at fault."""


def likenesses(
    setup: RunConfig,
    materials: RunCache,
    similarities: Mapping[str, AnySimilarity],
    shown: Sequence[Any] | None,
    *,
    late: bool = False,
    end: Deadline = NEVER,
) -> tuple[dict[str, Mapping[str, Likeness]], list[str]]:
    """Measure how like each backbone's source the training images are, with a note on each.

    A measurement is given up after POLICY.similarity_limit times its share of the budget.

    Args:
        setup: what the user asked for.
        materials: the images and backbones.
        similarities: the measures, by name.
        shown: ways to open images of the source, if the user has some.
        late: measure nothing, as too little time is left.
        end: the end of the budget.
    """
    found: dict[str, Mapping[str, Likeness]] = {}
    notes = []
    if late:
        return {name: {} for name in materials.backbones}, [
            "The likeness to the sources was not measured: more than half of the time was spent before. "
            "Give more to have it."
        ]
    budget = setup.budget.seconds
    for backbone in materials.backbones.values():
        share = (
            None
            if setup.thorough or budget is None
            else POLICY.similarity * budget / len(materials.backbones)
        )
        doing(f"measuring the distance to the source of {backbone.name}")
        try:
            found[backbone.name], note = measure_likeness(
                materials,
                backbone,
                similarities,
                source=None if shown is None else _source_pixels(shown, backbone, setup.seed),
                seed=setup.seed,
                resamples=RESAMPLES_THOROUGH if setup.thorough else RESAMPLES,
                seconds=share,
                pulse=(end if share is None else end.within(POLICY.similarity_limit * share)).check,
            )
        except OutOfTime:
            found[backbone.name] = {}
            note = (
                f"The likeness to {backbone.name}'s source was not measured: it took more than its share of "
                "the time. Give more to have it."
            )
        notes.append(note)
    return found, notes


def rank(
    setup: RunConfig,
    materials: RunCache,
    measures: Mapping[str, Transferability],
    clock: Clock,
    *,
    end: Deadline = NEVER,
) -> Ranking:
    """Score every backbone on the training images, if a score is installed.

    Args:
        setup: what the user asked for.
        materials: the images and backbones.
        measures: the scores, by name.
        clock: tells the time that the scores take.
        end: the end of the budget, by a share of which the classifiers stop.
    """
    if not measures:
        return Ranking(order=tuple(materials.backbones), kept=tuple(materials.backbones))
    budget = setup.budget.seconds
    share = POLICY.scores if len(materials.backbones) > 1 else POLICY.scores_of_one
    late = clock.now() + (math.inf if setup.thorough or budget is None else share * budget)
    scores = Scores(
        measures,
        setup.seed,
        most=SCORED_THOROUGHLY if setup.thorough else SCORED_ROWS,
        out_of_time=lambda: clock.now() > late,
    )
    fit_share = POLICY.classifier_fits / len(materials.backbones)
    for name in materials.backbones:
        began = clock.now()
        seen = look(
            materials,
            name,
            seed=setup.seed,
            reuse=lasting(setup),
            fits=_fits(setup, end, fit_share),
        )
        late += clock.now() - began  # trials share what was computed: the scores do not pay for it
        scores.add(name, seen)
    found = scores.ranking()
    return replace(found, kept=found.order, aside={}) if setup.all_backbones else found


def find_faults(
    setup: RunConfig, materials: RunCache, ranking: Ranking, locked: LockedTest, *, end: Deadline = NEVER
) -> DataIssues:
    """Look for faults through the most promising backbone, as far as a share of the time until ``end`` goes.

    Every check is made if images are to be dropped or weighted: that was asked for.
    """
    doing("looking for faults in the data")
    name = ranking.order[0]
    facts, budget = materials.backbones[name], setup.budget.seconds
    looks = len(locked)
    asked = setup.thorough or setup.reweight or setup.clean != "report"
    if budget is not None and not setup.thorough:
        looks = min(looks, int(POLICY.test_images * budget / facts.pace.seconds(1, side=facts.side)))
    return find_issues(
        materials,
        name,
        look(
            materials,
            name,
            seed=setup.seed,
            reuse=lasting(setup),
            fits=_fits(setup, end, POLICY.classifier_fits),
        ),
        locked,
        test_looks=looks,
        mode=setup.clean,
        reweight=setup.reweight,
        seed=derive(setup.seed, "examine"),
        end=NEVER if asked else end.share(POLICY.data_checks),
    )


def _fits(setup: RunConfig, end: Deadline, share: float) -> Deadline:
    """Give the classifiers an end, unless they decide which images are dropped or what images weigh.

    A resumed run has to drop and weigh the same images, however busy the machine is.
    """
    return NEVER if setup.clean != "report" else end.share(share)


def lasting(setup: RunConfig) -> bool:
    """Say whether maps of all images will be of use: not if some images may be dropped."""
    return setup.reuse and setup.clean != "drop"


def look_ahead(
    setup: RunConfig, materials: RunCache, backbone: str, *, end: Deadline = NEVER
) -> Outlook | None:
    """Measure the probe's learning curve, if there are images and time until ``end`` for one."""
    doing("measuring the learning curve of a probe")
    budget, rows = setup.budget.seconds, len(materials.order)
    work = rows * materials.backbones[backbone].features * len(materials.dataset.classes)
    late = budget is not None and not setup.thorough and FIT_SECONDS * work > POLICY.learning_curve * budget
    if not (setup.thorough or budget is None):
        end = end.within(POLICY.learning_curve_limit * POLICY.learning_curve * budget)
    try:
        found = None if late else probe_at_sizes(materials, backbone, seed=setup.seed, pulse=end.check)
    except OutOfTime:
        return None
    if found is None:
        return None
    return outlook(backbone, found, now=rows, seed=derive(setup.seed, "outlook"))


def unchecked(examined: DataIssues) -> list[str]:
    """A note on the checks that there was no time for."""
    if not examined.skipped:
        return []
    return [f"Not checked for lack of time: {', '.join(examined.skipped)}. Give more to have it."]


def said(examined: DataIssues) -> str:
    done = examined.cleaned
    said = [f"{done.dropped} training images are left out" if done.dropped else ""]
    said += [f"training images are weighted, worth {done.n_eff:,.0f} equal ones" if done.reweighted else ""]
    return f"{'; '.join(filter(None, said)) or 'Nothing had to be cleaned'}, as asked; the report says which."


def _source_pixels(shown: Sequence[Any], backbone: Backbone, seed: int) -> torch.Tensor:
    """A sample of the source images as the backbone sees them, uint8 (n, 3, side, side)."""
    if len(shown) < LEAST_SOURCE:
        raise DataError(
            f"The source has {len(shown)} images, but at least {LEAST_SOURCE} are due to measure likeness; "
            "some hundred are better."
        )
    chosen = np.random.default_rng(derive(seed, "source")).permutation(len(shown))[:SOURCE_IMAGES]
    view = view_of(backbone.config, side=backbone.side)
    images, broken = [], list[str]()
    with quietly():
        for i in sorted(chosen):
            try:
                images.append(render_images([shown[int(i)]()], view))
            except Exception as error:  # whatever a file that is no image makes its decoder raise
                broken.append(reason(error))
    if len(images) < LEAST_SOURCE or len(broken) > BROKEN_SOURCE * len(chosen):
        raise DataError(
            f"{len(broken)} of {len(chosen)} source images cannot be read, the first: {broken[0]}."
        )
    return torch.from_numpy(np.concatenate(images))

"""Measure the parts of a data profile within the budget.

A full profile, as ``analyze`` makes it, takes the time that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autotl.analysis.backbone_ranking import ProbeSkill, Ranking, Scores, deciding_score
from autotl.analysis.data_issues import DataIssues
from autotl.analysis.find_issues import Treatment, find_issues
from autotl.analysis.frozen_features import frozen_features
from autotl.analysis.learning_curve import probe_at_sizes
from autotl.analysis.more_images import LearningCurve, forecast_gain
from autotl.analysis.similarity import measure_similarity
from autotl.analysis.source.given import source_pixels
from autotl.api import AnySimilarity, Backbone, Likeness, Transferability
from autotl.budget.policy import POLICY
from autotl.clock import NEVER, Deadline, OutOfTime
from autotl.config.run_settings import RunSettings
from autotl.data import LockedTest
from autotl.progress import report_progress
from autotl.seeds import derive
from autotl.workbench.run_cache import RunCache

FIT_SECONDS = 4e-8
"""Seconds that the fits of the learning curve take for one image, feature and class."""

Similarities = dict[str, Mapping[str, Likeness]]


def measure_similarities(
    settings: RunSettings,
    run_cache: RunCache,
    similarities: Mapping[str, AnySimilarity],
    source: Sequence[Any] | None,
    *,
    late: bool = False,
    end: Deadline = NEVER,
) -> tuple[Similarities, list[str]]:
    """Measure the similarity of the training images to each backbone's source.

    Measures that decide nothing are left to a full profile. A measurement is given up after
    POLICY.similarity_limit times its share of the budget.

    Args:
        settings: The options of the run.
        run_cache: The images and backbones.
        similarities: The measures by name.
        source: Functions that open source images, if the user gives some.
        late: Whether nothing is measured because too little time is left.
        end: The end of the budget.

    Returns:
        The similarities by backbone and measure, and a note on each backbone.
    """
    if late:
        return {name: {} for name in run_cache.backbones}, [
            "The similarity to the sources was not measured: more than half of the time was spent before. "
            "Give more time to measure it."
        ]
    budget, found, notes = settings.budget.seconds, Similarities(), []
    share = None
    if not (settings.full_profile or budget is None):
        share = POLICY.similarity * budget / len(run_cache.backbones)
    for backbone in run_cache.backbones.values():
        report_progress(f"measuring the similarity to the source of {backbone.name}")
        found[backbone.name], note = _similarity(
            settings, run_cache, backbone, similarities, source, share, end
        )
        notes.append(note)
    return found, notes


def rank_backbones(
    settings: RunSettings,
    run_cache: RunCache,
    measures: Mapping[str, Transferability],
    *,
    end: Deadline = NEVER,
) -> Ranking:
    """Score every backbone on the training images, if a score is installed.

    Scores that do not decide are left to a full profile.

    Args:
        settings: The options of the run.
        run_cache: The images and backbones.
        measures: The scores by name.
        end: The end of the budget; the classifiers stop after a fraction of it.
    """
    measures = measures_for(run_cache, measures)
    if not measures:
        return Ranking(order=tuple(run_cache.backbones), kept=tuple(run_cache.backbones))
    by = deciding_score(measures)
    scores = Scores(measures if settings.full_profile else {by: measures[by]}, settings.seed)
    fit_share = POLICY.classifier_fits / len(run_cache.backbones)
    for name in run_cache.backbones:
        features = frozen_features(
            run_cache,
            name,
            seed=settings.seed,
            reuse=keeps_activations(settings),
            fits=_fits(settings, end, fit_share),
        )
        scores.add(name, features)
    found = scores.ranking()
    return replace(found, kept=found.order, aside={}) if settings.search.all_backbones else found


def measures_for(
    run_cache: RunCache, measures: Mapping[str, Transferability]
) -> Mapping[str, Transferability]:
    """Return the scores that can rank backbones for the kind of target.

    A score that names no kinds needs classes. Other kinds are ranked by a linear probe.
    """
    kind = run_cache.dataset.target.kind
    able = {
        name: each for name, each in measures.items() if kind in getattr(each, "kinds", ("single_label",))
    }
    if kind == "single_label" or not measures:
        return able
    skill = ProbeSkill(run_cache.target, run_cache.targets.numpy())
    return {skill.name: skill, **able}


def find_data_issues(
    settings: RunSettings,
    run_cache: RunCache,
    ranking: Ranking,
    locked: LockedTest,
    *,
    end: Deadline = NEVER,
) -> DataIssues:
    """Find data issues with the best backbone, in time.

    All checks are made if images are to be dropped or weighted.

    Args:
        settings: The options of the run.
        run_cache: The images and backbones.
        ranking: The ranking of the backbones.
        locked: The test part.
        end: The end of the budget.
    """
    report_progress("searching for data issues")
    name = ranking.order[0]
    facts, budget = run_cache.backbones[name], settings.budget.seconds
    tests, clean = len(locked), settings.data.clean
    if budget is not None and not settings.full_profile:
        tests = min(
            tests, int(POLICY.test_images * budget / facts.pace.seconds(1, input_size=facts.input_size))
        )
    features = frozen_features(
        run_cache,
        name,
        seed=settings.seed,
        reuse=keeps_activations(settings),
        fits=_fits(settings, end, POLICY.classifier_fits),
    )
    complete = settings.full_profile or settings.data.reweight or clean != "report"
    return find_issues(
        run_cache,
        name,
        features,
        locked,
        tests=tests,
        treatment=Treatment(clean, settings.data.reweight),
        seed=derive(settings.seed, "examine"),
        end=NEVER if complete else end.share(POLICY.data_checks),
    )


def measure_learning_curve(
    settings: RunSettings, run_cache: RunCache, backbone: str, *, end: Deadline = NEVER
) -> LearningCurve | None:
    """Measure the probe's learning curve, if there are enough images and time.

    Args:
        settings: The options of the run.
        run_cache: The images and backbones.
        backbone: The name of the backbone.
        end: The end of the budget.
    """
    report_progress("measuring the learning curve of a probe")
    budget, rows = settings.budget.seconds, len(run_cache.order)
    if not (settings.full_profile or budget is None):
        work = rows * run_cache.backbones[backbone].features * len(run_cache.dataset.classes)
        if FIT_SECONDS * work > POLICY.learning_curve * budget:
            return None
        end = end.within(POLICY.learning_curve_limit * POLICY.learning_curve * budget)
    try:
        found = probe_at_sizes(run_cache, backbone, seed=settings.seed, pulse=end.check)
    except OutOfTime:
        return None
    if found is None:
        return None
    return forecast_gain(backbone, found, now=rows, seed=derive(settings.seed, "outlook"))


def keeps_activations(settings: RunSettings) -> bool:
    """Return whether activations of all images will be used.

    They are not if some images may be dropped.
    """
    return settings.keeps_activations and settings.data.clean != "drop"


def _similarity(
    settings: RunSettings,
    run_cache: RunCache,
    backbone: Backbone,
    similarities: Mapping[str, AnySimilarity],
    source: Sequence[Any] | None,
    share: float | None,
    end: Deadline,
) -> tuple[Mapping[str, Likeness], str]:
    """Return the similarities to one backbone's source, and a note; ``share`` is in seconds."""
    try:
        return measure_similarity(
            run_cache,
            backbone,
            similarities,
            source=None if source is None else source_pixels(source, backbone, settings.seed),
            seed=settings.seed,
            complete=settings.full_profile,
            seconds=share,
            pulse=(end if share is None else end.within(POLICY.similarity_limit * share)).check,
        )
    except OutOfTime:
        return {}, (
            f"The similarity to the source of {backbone.name} was not measured: it took more than its share "
            "of the time. Give more time to measure it."
        )


def _fits(settings: RunSettings, end: Deadline, share: float) -> Deadline:
    """Return the deadline of the classifiers, if there is one.

    There is none if they decide which images are dropped or weighted. A resumed run has to treat the same
    images, however busy the machine is.
    """
    return NEVER if settings.data.clean != "report" else end.share(share)

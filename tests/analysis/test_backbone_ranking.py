"""Backbones ranked before training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from autotl.analysis.backbone_ranking import Scores, stratified_rows
from autotl.api import LabelledFeatures


@dataclass
class Hits:
    """The share of images whose first feature is positive: a score with an exact interval."""

    name: str = "probe_accuracy"
    summary: str = "made up"
    reference: str = "none"
    needs_head: bool = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> np.ndarray:
        return (seen.features[:, 0] > 0).astype(float)


@dataclass
class Mean:
    """The mean of the first feature: a score that is known by random halves."""

    name: str = "mean"
    summary: str = "made up"
    reference: str = "none"
    needs_head: bool = False

    def score(self, seen: LabelledFeatures) -> float:
        return float(seen.features[:, 0].mean())


class Broken(Mean):
    def score(self, seen: LabelledFeatures) -> float:
        raise ZeroDivisionError


class OfTheHead(Mean):
    def score(self, seen: LabelledFeatures) -> float:
        assert seen.probabilities is not None
        return float(seen.probabilities.mean())


def seen(rate: float, *, n: int = 400, noise: int = 0, head: bool = False) -> LabelledFeatures:
    """Images of which a share is right; those that are hard for one backbone are hard for all."""
    ease = np.linspace(0, 1, n, endpoint=False)
    order = np.random.default_rng(0).permutation(n)
    x = np.where(ease[order] < rate, 1.0, -1.0)[:, None]
    flip = np.random.default_rng(noise).permutation(n)[:noise]
    x[flip] *= -1
    return LabelledFeatures(x, np.arange(n) % 2, np.full((n, 3), 1 / 3) if head else None)


def scores(*measures: object, **told: object) -> Scores:
    return Scores({each.name: each for each in measures}, 0, **told)  # type: ignore[attr-defined, arg-type]


def test_one_that_is_measurably_behind_is_set_aside_with_the_reason() -> None:
    found = scores(Hits())
    for name, rate in (("b", 0.80), ("a", 0.90), ("c", 0.60)):
        found.add(name, seen(rate))
    ranking = found.ranking()
    assert ranking.by == "probe_accuracy"
    assert ranking.order == ("a", "b", "c")
    assert ranking.kept == ("a",)
    assert set(ranking.aside) == {"b", "c"}
    assert "0.600, that of a 0.900: -0.300" in ranking.aside["c"]
    assert "only it is searched" in ranking.sentence


def test_those_that_cannot_be_told_apart_are_both_kept() -> None:
    found = scores(Hits())
    found.add("a", seen(0.90))
    found.add("b", seen(0.90, noise=2))
    found.add("c", seen(0.50))
    ranking = found.ranking()
    assert set(ranking.kept) == {"a", "b"}
    assert "are tied by" in ranking.sentence


def test_a_mean_over_images_has_the_binomial_interval_and_pairs_images() -> None:
    found = scores(Hits())
    found.add("a", seen(0.9))
    found.add("b", seen(0.8))
    of = found.ranking().scores
    low, high = of["a"]["probe_accuracy"].ci95 or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(0.09 / 400), rel=0.01)
    lead, low, high = of["b"]["probe_accuracy"].behind or (0, 0, 0)
    assert lead == pytest.approx(-0.1)
    # the images that b misses and a does not: a tenth, so the pairs differ by far less than each one scatters
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(0.1 * 0.9 / 400), rel=0.01)


def test_the_interval_from_halves_is_about_that_of_a_mean() -> None:
    found = scores(Mean(), halves=200)
    found.add("a", seen(0.7))
    low, high = found.ranking().scores["a"]["mean"].ci95 or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * 2 * math.sqrt(0.21 / 400), rel=0.2)


def test_a_score_that_breaks_or_needs_a_head_that_is_not_there_is_left_out() -> None:
    found = scores(Hits(), Broken("broken"), OfTheHead("leep", needs_head=True))
    found.add("bare", seen(0.8))
    found.add("whole", seen(0.8, head=True))
    of = found.ranking().scores
    assert set(of["bare"]) == {"probe_accuracy"}
    assert set(of["whole"]) == {"probe_accuracy", "leep"}


def test_without_a_score_every_backbone_is_kept() -> None:
    found = scores(Broken("broken"))
    found.add("a", seen(0.8))
    found.add("b", seen(0.2))
    assert set(found.ranking().kept) == {"a", "b"}
    assert found.ranking().aside == {}


def test_some_of_each_class_are_kept_in_their_shares() -> None:
    labels = np.array([0] * 900 + [1] * 99 + [2])
    rows = stratified_rows(labels, 100, seed=0)
    assert np.bincount(labels[rows]).tolist() == [90, 10, 1]
    assert (np.diff(rows) > 0).all()
    assert stratified_rows(labels, 5000, seed=0).tolist() == list(range(1000))

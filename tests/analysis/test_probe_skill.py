"""A linear probe ranks backbones for several labels and for numbers."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.analysis.backbone_ranking import ProbeSkill, Scores
from autotl.api import LabelledFeatures, TargetSpec
from autotl.targets import target_of

NUMBERS = target_of(TargetSpec("regression", ("age",), (40.0,), (10.0,)))
LABELS = target_of(TargetSpec("multi_label", ("cat", "dog")))


def seen(probe: np.ndarray) -> LabelledFeatures:
    return LabelledFeatures(np.zeros((len(probe), 3)), np.zeros(len(probe), dtype=np.int64), probe=probe)


def test_of_numbers_it_is_the_explained_variance() -> None:
    rng = np.random.default_rng(0)
    standard = rng.normal(size=(2000, 1))
    skill = ProbeSkill(NUMBERS, NUMBERS.predict(standard.astype(np.float32)).astype(np.float32))
    assert skill.score(seen(standard + 0.5 * rng.normal(size=standard.shape))) == pytest.approx(
        0.75, abs=0.03
    )
    assert skill.score(seen(standard.mean(0) + 0 * standard)) == pytest.approx(0.0, abs=1e-3)


def test_of_labels_it_is_the_explained_likelihood() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((500, 2)) < 0.4).astype(np.float32)
    skill = ProbeSkill(LABELS, truth)
    assert skill.score(seen(LABELS.constant(truth))) == pytest.approx(0.0, abs=1e-6)
    assert skill.score(seen(LABELS.perfect(truth))) == pytest.approx(1.0, abs=1e-3)


def test_the_better_probe_comes_first_with_an_interval() -> None:
    rng = np.random.default_rng(0)
    standard = rng.normal(size=(300, 1))
    skill = ProbeSkill(NUMBERS, NUMBERS.predict(standard.astype(np.float32)).astype(np.float32))
    scores = Scores({skill.name: skill}, 0)
    scores.add("noisy", seen(standard + rng.normal(size=standard.shape)))
    scores.add("good", seen(standard + 0.1 * rng.normal(size=standard.shape)))
    found = scores.ranking()
    assert found.by == "probe_skill"
    assert found.order == ("good", "noisy")
    assert found.kept == ("good",)

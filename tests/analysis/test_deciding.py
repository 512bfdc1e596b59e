"""A run takes only measurements that decide something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from autotl import plugins
from autotl.analysis.similarity import deciding
from autotl.cache import Store
from autotl.clock import WallClock
from autotl.pipeline.experience import profile_of
from autotl.pipeline.prepare import prepare
from autotl.pipeline.services import Plugins, Services
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.settings import settings

CATALOG = plugins.load()


@dataclass
class Features:
    """A similarity of features."""

    name: str
    steers: bool = True
    of_moments: bool = False
    summary: str = "made up"
    reference: str = "none"

    def distance(self, features: Any, source: Any) -> float:
        return 1.0


@dataclass
class Layers:
    """A similarity of layers."""

    name: str
    steers: bool = True
    summary: str = "made up"
    reference: str = "none"

    def layer_distance(self, mean: Any, var: Any, source_mean: Any, source_var: Any) -> float:
        return 1.0


def names(*measures: Features | Layers, features_known: bool) -> set[str]:
    return set(deciding({each.name: each for each in measures}, features_known=features_known))


def test_a_measure_decides_if_it_says_so() -> None:
    measures = (Features("a"), Features("b"), Features("shown", steers=False))
    assert names(*measures, features_known=True) == {"a", "b"}


@pytest.mark.parametrize(
    ("known", "expected"), [(True, {"features"}), (False, {"features", "moments", "layers"})]
)
def test_moments_and_layers_decide_if_nothing_else_is_known(known: bool, expected: set[str]) -> None:
    measures = (Features("features"), Features("moments", of_moments=True), Layers("layers"))
    assert names(*measures, features_known=known) == expected


def test_moments_and_layers_decide_if_no_other_measure_is_installed() -> None:
    measures = (Features("moments", of_moments=True), Layers("layers"))
    assert names(*measures, features_known=True) == {"moments", "layers"}


@pytest.mark.parametrize("full", [False, True])
def test_what_decides_nothing_is_left_to_a_full_profile(tmp_path: Path, full: bool) -> None:
    data = tiny_images(classes=3, each=20)
    options = settings(data=data, backbone="tiny", image_size=32, experience=False)
    ready = prepare(
        replace(options, full_profile=full),
        Plugins.of(CATALOG, {}),
        Services(Store(tmp_path), WallClock(), Silence()),
    )
    similarities, scores = ready.likeness["tiny"].keys(), ready.ranking.scores["tiny"].keys()
    assert similarities == (CATALOG.similarities.items.keys() if full else {"energy"})
    assert scores == (CATALOG.transferabilities.items.keys() if full else {"probe_accuracy"})
    assert ready.task.likeness == {"tiny": {"energy": ready.likeness["tiny"]["energy"].calibrated}}
    known = profile_of(ready)  # the columns of experience
    assert known.likeness == ready.likeness["tiny"]["energy"].calibrated
    assert known.probe_score == ready.ranking.scores["tiny"]["probe_accuracy"].value

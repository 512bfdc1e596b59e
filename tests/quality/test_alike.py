"""A held-out image that is far more like a training image than usual in its class is found."""

from __future__ import annotations

import numpy as np

from autotl.quality import NAMED, Pictures, near_limit, nearest
from autotl.quality.alike import NEAR

RNG = np.random.default_rng(0)


def pictures(features: np.ndarray, names: list[str] | None = None) -> Pictures:
    n = len(features)
    return Pictures(names or [f"x{chr(97 + i % 26)}.png" for i in range(n)], np.zeros(n, dtype=int), features)


def test_a_planted_near_copy_is_near_and_an_unrelated_image_is_not() -> None:
    learned = RNG.normal(size=(60, 32))
    held = np.concatenate([learned[[7]] + 0.1 * RNG.normal(size=32), RNG.normal(size=(1, 32))])
    found = nearest(pictures(held), pictures(learned))
    assert found.distance[0] < NEAR < found.distance[1]
    assert found.row[0] == 7


def test_only_training_images_of_the_same_class_count() -> None:
    learned = pictures(RNG.normal(size=(30, 16)))
    held = Pictures(["a.png"], np.ones(1, dtype=int), learned.features[:1])
    found = nearest(held, learned)
    assert np.isinf(found.distance[0])
    assert found.row[0] == -1


def test_frames_with_neighbouring_numbers_rank_high_and_other_folders_do_not_count() -> None:
    tracks = np.repeat(RNG.normal(size=(10, 32)), 6, axis=0) + 0.3 * RNG.normal(size=(60, 32))
    learned = pictures(tracks, [f"t/{i // 6:05}_{i % 6:05}.png" for i in range(60)])
    held = pictures(
        tracks[[20, 20]] + 0.3 * RNG.normal(size=(2, 32)), ["t/00003_00006.png", "u/00003_00006.png"]
    )
    found = nearest(held, learned)
    assert found.named_row[0] == 23
    assert found.named_rank[0] > 0.9
    assert found.named_distance[0] < NAMED
    assert found.named_usual[0] < 0.2
    assert np.isnan(found.named_rank[1])
    assert found.named_row[1] == -1


def test_the_limit_lets_at_most_one_in_twenty_reference_images_pass() -> None:
    assert near_limit(np.full(100, 0.8)) == NEAR
    crowded = np.linspace(0.01, 0.2, 100)
    assert (crowded < near_limit(crowded)).mean() <= 0.05

"""Check that held-out images are found that are unusually similar to a training image."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.quality import (
    NAME_NEIGHBOUR_LIMIT,
    LabelledImages,
    Nearest,
    near_copy_limit,
    nearest_images,
)
from autotl.quality.near_images import NEAR_COPY_LIMIT

RNG = np.random.default_rng(0)


def pictures(features: np.ndarray, names: list[str] | None = None) -> LabelledImages:
    n = len(features)
    return LabelledImages(
        names or [f"x{chr(97 + i % 26)}.png" for i in range(n)], np.zeros(n, dtype=int), features
    )


def compared(held: LabelledImages, learned: LabelledImages) -> Nearest:
    (found,) = nearest_images([(held, np.arange(len(learned.labels)))], learned)
    return found


def test_a_planted_near_copy_is_near_and_an_unrelated_image_is_not() -> None:
    learned = RNG.normal(size=(60, 32))
    held = np.concatenate([learned[[7]] + 0.1 * RNG.normal(size=32), RNG.normal(size=(1, 32))])
    found = compared(pictures(held), pictures(learned))
    assert found.distance[0] < NEAR_COPY_LIMIT < found.distance[1]
    assert found.row[0] == 7


def test_only_training_images_of_the_same_class_count() -> None:
    learned = pictures(RNG.normal(size=(30, 16)))
    held = LabelledImages(["a.png"], np.ones(1, dtype=int), learned.features[:1])
    found = compared(held, learned)
    assert np.isinf(found.distance[0])
    assert found.row[0] == -1


def test_frames_with_neighbouring_numbers_rank_high_and_other_folders_are_ignored() -> None:
    tracks = np.repeat(RNG.normal(size=(10, 32)), 6, axis=0) + 0.3 * RNG.normal(size=(60, 32))
    learned = pictures(tracks, [f"t/{i // 6:05}_{i % 6:05}.png" for i in range(60)])
    held = pictures(
        tracks[[20, 20]] + 0.3 * RNG.normal(size=(2, 32)), ["t/00003_00006.png", "u/00003_00006.png"]
    )
    found = compared(held, learned)
    assert found.named_row[0] == 23
    assert found.named_rank[0] > 0.9
    assert found.named_distance[0] < NAME_NEIGHBOUR_LIMIT
    assert found.named_usual[0] < 0.2
    assert np.isnan(found.named_rank[1])
    assert found.named_row[1] == -1


def test_at_most_one_in_twenty_reference_images_passes_the_limit() -> None:
    assert near_copy_limit(np.full(100, 0.8)) == NEAR_COPY_LIMIT
    crowded = np.linspace(0.01, 0.2, 100)
    assert (crowded < near_copy_limit(crowded)).mean() <= 0.05


def test_an_image_is_compared_with_the_training_images_of_its_fold() -> None:
    learned = RNG.normal(size=(60, 32))
    names = [f"t/{i:03}.png" for i in range(60)]
    held = pictures(learned[[7]] + 0.1 * RNG.normal(size=32), ["t/007.png"])
    rows = np.arange(60)
    whole, part = nearest_images([(held, rows), (held, rows[rows != 7])], pictures(learned, names))
    assert whole.row[0] == whole.named_row[0] == 7
    assert part.distance[0] > NEAR_COPY_LIMIT
    assert part.row[0] != 7
    assert part.named_row[0] == 6


def test_a_large_class_is_sampled_reproducibly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotl.quality.near_images.MAX_TRAIN_ROWS", 20)
    learned = pictures(RNG.normal(size=(200, 16)))
    held = pictures(learned.features)
    found, again = compared(held, learned), compared(held, learned)
    assert len(np.unique(found.row)) == 20
    assert (found.distance < 1e-3).sum() == 20
    np.testing.assert_array_equal(found.row, again.row)


def test_the_check_can_end_the_comparison() -> None:
    learned = pictures(RNG.normal(size=(30, 16)))

    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        nearest_images([(learned, np.arange(30))], learned, check_cancelled=stop)


def test_images_without_a_distance_do_not_change_the_limit() -> None:
    assert near_copy_limit(np.full(10, np.inf)) == NEAR_COPY_LIMIT
    crowded = np.linspace(0.01, 0.2, 100)
    assert near_copy_limit(np.append(crowded, np.full(5000, np.inf))) == near_copy_limit(crowded)
    assert near_copy_limit(np.append(np.full(99, np.inf), 0.8)) == NEAR_COPY_LIMIT

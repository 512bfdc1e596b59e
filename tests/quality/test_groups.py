"""Check that images of one object are grouped by names, times and similarity, and others are not."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autotl.clock import Deadline, FakeClock
from autotl.quality import Evidence, find_groups

WIDTH, CLASSES = 64, 2


def things(each: int, frames: int, spread: float, *, seed: int = 0) -> np.ndarray:
    """Return features of ``each`` objects per class with ``frames`` images; objects have spread 1."""
    rng = np.random.default_rng(seed)
    centers = np.repeat(rng.normal(size=(CLASSES * each, WIDTH)), frames, axis=0)
    found: np.ndarray = centers + spread * rng.normal(size=centers.shape)
    return found


def evidence(
    features: np.ndarray, names: Sequence[str] | None = None, *, hashes: np.ndarray | None = None
) -> Evidence:
    n = len(features)
    rng = np.random.default_rng(1)
    return Evidence(
        names
        or [f"{chr(97 + row % 26)}{chr(97 + row // 26 % 26)}{chr(97 + row // 676)}.png" for row in range(n)],
        np.arange(n) * CLASSES // n,
        random_hashes(rng, n) if hashes is None else hashes,
        [None] * n,
        features,
    )


def random_hashes(rng: np.random.Generator, n: int) -> np.ndarray:
    bits = np.array([rng.permutation(64) < 32 for _ in range(n)])
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()


def numbered(each: int, frames: int, form: str) -> list[str]:
    return [form.format(thing, frame) for thing in range(CLASSES * each) for frame in range(frames)]


def tracks(each: int, frames: int) -> tuple[tuple[int, ...], ...]:
    rows = np.arange(CLASSES * each * frames).reshape(-1, frames)
    return tuple(map(tuple, rows.tolist()))


@pytest.mark.parametrize(
    "form", ["{:05}_{:05}.png", "img{:03}_v{}.png", "clip{:02}/{:04}.png", "p{}_s1_{}.png"]
)
def test_frames_of_tracks_are_found_by_their_names(form: str) -> None:
    features = things(10, 6, spread=0.9)
    found = find_groups(evidence(features, numbered(10, 6, form)))
    assert found.sets == tracks(10, 6)
    assert set(found.how.values()) == {"file names"}


def test_names_are_ignored_if_their_images_are_not_more_similar() -> None:
    rng = np.random.default_rng(3)
    found = find_groups(evidence(rng.normal(size=(120, WIDTH)), numbered(10, 6, "{:05}_{:05}.png")))
    assert found.sets == ()


def test_variants_join_the_image_in_their_name() -> None:
    forms = ("img{:03}.png", "img{:03}_flip.png", "img{:03} (2).png")
    names = [form.format(thing) for thing in range(30) for form in forms]
    found = find_groups(evidence(things(15, 3, spread=0.7), names))
    assert found.sets == tracks(15, 3)


def test_series_of_numbers_are_divided_at_changes_of_the_images() -> None:
    names = [f"scan/slice_{row:04}.png" for row in range(240)]
    found = find_groups(evidence(things(20, 6, spread=0.5), names))
    assert found.sets == tracks(20, 6)


def test_a_burst_is_found_by_capture_times() -> None:
    features = things(20, 3, spread=0.55)
    seen = evidence(features)
    taken = [("camera", 1000.0 * (row // 3) + row % 3) for row in range(len(features))]
    found = find_groups(replace(seen, taken=taken))
    assert found.sets == tracks(20, 3)
    assert "capture times" in found.how.values()


def test_images_of_one_object_are_found_by_similarity_alone() -> None:
    found = find_groups(evidence(things(8, 7, spread=0.3)))
    assert found.sets == tracks(8, 7)
    assert set(found.how.values()) == {"likeness"}


def test_without_features_hashes_find_copies() -> None:
    rng = np.random.default_rng(5)
    hashes = np.repeat(random_hashes(rng, 40), 3)
    seen = evidence(things(20, 3, spread=0.3), hashes=hashes)
    found = find_groups(replace(seen, features=None))
    assert found.sets == tracks(20, 3)


@pytest.mark.parametrize("seed", range(3))
def test_unrelated_images_are_not_grouped(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = evidence(rng.normal(size=(400, WIDTH)), [f"IMG_{row}.jpg" for row in range(400)])
    assert find_groups(seen).sets == ()
    assert find_groups(replace(seen, features=None)).sets == ()


def test_a_chain_of_images_is_not_a_group() -> None:
    rng = np.random.default_rng(0)
    steps = np.cumsum(0.35 * rng.normal(size=(200, WIDTH)), axis=0)
    found = find_groups(evidence(steps))
    assert max(map(len, found.sets), default=0) <= 5


def test_a_group_has_at_most_a_third_of_its_class() -> None:
    features = np.concatenate([things(1, 30, spread=0.1, seed=1), things(15, 2, spread=1.0, seed=2)])
    labels = np.concatenate([np.arange(60) // 30, np.arange(60) // 30])
    found = find_groups(replace(evidence(features), labels=labels))
    assert all(len(each) <= 20 for each in found.sets)


def test_the_same_images_give_the_same_groups_in_a_large_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotl.quality.feature_groups.MIN_PROJECTED", 50)
    monkeypatch.setattr("autotl.quality.feature_groups.PROJECTED", 32)
    seen = evidence(things(40, 4, spread=0.25))
    found = find_groups(seen)
    assert found.sets == tracks(40, 4)
    assert find_groups(seen) == found


def test_the_proportion_of_groups_by_similarity_refers_to_compared_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autotl.quality.feature_groups.MAX_COMPARED", 60)
    rng = np.random.default_rng(0)
    lone = rng.normal(size=(5900, WIDTH))
    features = np.concatenate([things(5, 10, spread=0.1), lone])
    labels = np.where(np.arange(6000) < 100, np.arange(6000) // 50, 2)
    found = find_groups(replace(evidence(features), labels=labels))
    assert sum(map(len, found.sets)) == 100 < 0.02 * len(features)
    assert found.uncompared == 5840


def test_large_folders_need_no_matrix_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotl.quality.feature_groups.MAX_COMPARED", 500)
    folders, each = 6, 8000
    n = folders * each
    hashes = np.random.default_rng(4).integers(0, 2**63, n).astype(np.uint64)
    seen = evidence(np.zeros((n, 1)), [f"folder{row // each}/{row:x}.png" for row in range(n)], hashes=hashes)
    tracemalloc.start()
    find_groups(replace(seen, features=None))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * each**2  # bytes of one matrix of 32-bit numbers


def test_known_groups_are_kept_with_their_evidence() -> None:
    seen = evidence(things(8, 7, spread=0.3))
    known = find_groups(replace(seen, names=numbered(8, 7, "{:05}_{:05}.png")))
    assert set(known.how.values()) == {"file names"}
    assert find_groups(seen, known=known) == known


@pytest.mark.parametrize("step", ["median_distance", "by_stem", "in_series", "trees"])
def test_the_time_is_checked_before_each_class(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, module = FakeClock(), sys.modules["autotl.quality.groups"]
    end, plain, looked = Deadline(clock, at=1.0), getattr(module, step), []

    def slow(*args: Any, **told: Any) -> Any:
        looked.append(1)
        clock.advance(2.0)
        return plain(*args, **told)

    monkeypatch.setattr(module, step, slow)
    features = things(20, 6, spread=0.3)
    seen = replace(evidence(features), labels=np.arange(len(features)) // 48)
    found = find_groups(seen, check_cancelled=end.check)
    assert len(looked) == 1
    assert not found.complete


def test_the_time_is_checked_within_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def check() -> None:
        looked.append(1)

    blocks = []
    for cells in (4_000_000, 400):
        looked.clear()
        monkeypatch.setattr("autotl.quality.feature_groups.CELLS", cells)
        find_groups(evidence(things(8, 7, spread=0.3)), check_cancelled=check)
        blocks.append(len(looked))
    assert blocks[1] > blocks[0]


def test_the_search_ends_at_its_deadline() -> None:
    end = Deadline(FakeClock(1.0), at=0.0)
    found = find_groups(evidence(things(8, 7, spread=0.3)), check_cancelled=end.check)
    assert found.sets == ()
    assert not found.complete

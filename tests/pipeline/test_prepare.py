"""What is found out, decided and done before the first trial."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from autotl import plugins
from autotl.analysis.learning_curve import probe_at_sizes
from autotl.api import LabelledFeatures, Transferability
from autotl.builtin.sources.tiny import FOLDER
from autotl.cache import Store
from autotl.clock import Clock, WallClock
from autotl.data import stratified_parts, without_rows
from autotl.jsonio import plain as as_json
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.record import NEW_RUN, PreparationRecord, read_record
from autotl.terminal import Silence
from autotl.testing import tiny_images, tiny_targets
from tests.support.settings import settings

CATALOG = plugins.load()
CLASSES, EACH = 3, 30


def prepared(folder: Path, data: object, **options: Any) -> Prepared:
    return prepared_with(CATALOG.transferabilities.items, WallClock(), folder, data, **options)


def prepared_with(
    measures: Mapping[str, Transferability],
    clock: Clock,
    folder: Path,
    data: object,
    *,
    full_profile: bool = False,
    record: PreparationRecord = NEW_RUN,
    **options: Any,
) -> Prepared:
    options = {"backbone": "tiny", "image_size": 32, "experience": False, **options}
    return prepare(
        replace(settings(data=data, **options), full_profile=full_profile),
        replace(Plugins.of(CATALOG, {}), similarities={}, transferabilities=measures),
        Services(Store(folder), clock, Silence()),
        record,
    )


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes with a test part; some labels are wrong, some images are in both parts."""
    root = tmp_path_factory.mktemp("faulty")
    images, labels = tiny_images(classes=CLASSES, each=EACH, side=48, noise=0.05)
    other = {"bars": "rings", "rings": "spots", "spots": "bars"}
    for place, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        i = place % EACH
        part, image = ("train" if i < 22 else "test"), Image.fromarray(pixels)
        shown = other[label] if i in (0, 1) else label
        _save(image, root / part / shown / f"{label}{i}.png")
        if i == 5:
            _save(image.resize((40, 40)), root / "test" / label / f"leak_{label}{i}.png")
        if i == 7:
            _save(image.resize((44, 44)), root / "train" / label / f"twin_{label}{i}.png")
    return root


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def stems(items: object) -> set[str]:
    return {Path(str(item)).stem for item in items}  # type: ignore[attr-defined]


def test_planted_faults_are_found_and_nothing_is_done_unasked(faulty: Path, tmp_path: Path) -> None:
    ready = prepared(tmp_path, str(faulty))
    found = ready.issues
    assert found.near_leakage is not None
    assert {f"leak_{name}5" for name in ("bars", "rings", "spots")} <= stems(
        test for test, _ in found.near_leakage.examples
    )
    assert found.near_duplicates.groups >= 3
    wrong = {f"{name}{i}" for name in ("bars", "rings", "spots") for i in (0, 1)}
    doubted = stems(each.item for each in found.label_issues)
    assert len(doubted & wrong) >= 4
    assert found.cleaned.dropped == 0
    assert ready.run_cache.weights is None
    assert found.shift is not None


def test_planted_errors_among_labels_are_found(tmp_path: Path) -> None:
    images, labels = tiny_targets("multi_label", each=40)
    wrong = range(0, 120, 20)
    for row in wrong:
        labels[row] = [each for each in ("straight", "coarse") if each not in labels[row]]
    found = prepared(tmp_path, (images, labels), full_profile=True).issues
    assert found.label_issues is not None
    doubted = {each.item for each in found.label_issues}
    learned = {f"image {row}" for row in wrong} & _training_items(tmp_path, (images, labels))
    assert len(doubted & learned) >= len(learned) / 2
    assert len(doubted - learned) <= 20
    assert {each.given for each in found.label_issues} <= {"straight", "coarse", "not straight", "not coarse"}
    assert found.cleaned.dropped == 0


def test_planted_errors_among_numbers_are_found(tmp_path: Path) -> None:
    images, numbers = tiny_targets("regression", each=40)
    wrong = range(0, 120, 20)
    for row in wrong:
        numbers[row] += 500
    found = prepared(tmp_path, (images, numbers), full_profile=True).issues
    assert found.label_issues is not None
    doubted = {each.item for each in found.label_issues}
    learned = {f"image {row}" for row in wrong} & _training_items(tmp_path, (images, numbers))
    assert learned <= doubted
    assert len(doubted - learned) <= 5
    first = found.label_issues[0]
    assert (first.confidence, first.item in learned) == (None, True)
    assert first.deviation is not None
    assert first.deviation > 5


def _training_items(folder: Path, data: object) -> set[str]:
    ready = prepared(folder, data)
    return {str(ready.dataset.table["item"].iloc[row]) for row in ready.splits.train}


def test_dropping_leaves_out_training_images_alone_and_keeps_their_features(
    faulty: Path, tmp_path: Path
) -> None:
    plain, clean = prepared(tmp_path, str(faulty)), prepared(tmp_path, str(faulty), clean="drop")
    gone = np.setdiff1d(plain.splits.train, clean.splits.train)
    assert len(gone) == clean.issues.cleaned.dropped > 0
    items = clean.dataset.table["item"].to_numpy()
    assert {"bars5", "rings5", "spots5"} <= stems(items[gone])  # they are in the test part too
    np.testing.assert_array_equal(plain.splits.test, clean.splits.test)
    assert all(not set(gone) & {*fold.train, *fold.val} for fold in clean.splits.folds)
    assert clean.splits.hash != plain.splits.hash
    before = plain.run_cache.features("tiny", input_size=32)
    after = clean.run_cache.features("tiny", input_size=32)
    place = {row: i for i, row in enumerate(plain.run_cache.order.tolist())}
    np.testing.assert_array_equal(after, before[[place[row] for row in clean.run_cache.order.tolist()]])
    assert clean.task.train_rows == len(clean.splits.train)


def test_weighting_keeps_all_images_and_lets_the_doubtful_count_less(faulty: Path, tmp_path: Path) -> None:
    ready = prepared(tmp_path, str(faulty), clean="weight")
    weights = ready.run_cache.weights
    assert weights is not None
    assert float(weights.mean()) == pytest.approx(1)
    items = ready.dataset.table["item"].to_numpy()[ready.run_cache.order]
    leaked = [i for i, item in enumerate(items) if Path(item).stem in {"bars5", "rings5", "spots5"}]
    assert float(weights[leaked].max()) == 0.0
    assert ready.issues.cleaned.reweighted
    assert ready.issues.cleaned.n_eff < len(items)


def test_a_backbone_measurably_behind_is_set_aside(tmp_path: Path) -> None:
    broken = tmp_path / "shuffled"
    shutil.copytree(FOLDER, broken)
    rng = np.random.default_rng(0)
    state = {name: rng.permutation(value.ravel()).reshape(value.shape) for name, value in load_file(
        broken / "model.safetensors"
    ).items()}  # fmt: skip
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    data = tiny_images(classes=4, each=40, noise=0.6)
    both = ("tiny", str(broken))
    ready = prepared(tmp_path / "a", data, backbone=both)
    assert ready.ranking.order[0] == "tiny"
    assert set(ready.backbones) == {"tiny"}
    assert "probe_accuracy before training is" in ready.ranking.aside["shuffled"]
    kept = prepared(tmp_path / "b", data, backbone=both, all_backbones=True)
    assert set(kept.backbones) == {"tiny", "shuffled"}
    assert kept.ranking.order[0] == "tiny"


def test_a_resumed_run_keeps_the_decision_of_every_stage(tmp_path: Path) -> None:
    data = tiny_images(classes=3, each=40)
    first = prepared(tmp_path / "a", data, budget="20m")
    parts = [getattr(first.record, each.name) for each in fields(PreparationRecord)]
    assert None not in parts
    known = read_record(as_json(first.record))
    again = prepared(tmp_path / "b", data, budget="1m", backbone="auto", record=known)
    assert again.record == replace(first.record, cache=again.record.cache)
    assert (again.splits.hash, again.task) == (first.splits.hash, first.task)
    assert again.backbones == first.backbones


def test_every_score_is_taken_and_has_an_interval(tmp_path: Path) -> None:
    ready = prepared(tmp_path, tiny_images(classes=3, each=20), full_profile=True)
    (scores,) = ready.ranking.scores.values()
    assert set(scores) == set(CATALOG.transferabilities.items)
    for name, found in scores.items():
        assert found.ci95 is not None, name
        assert found.ci95[0] <= found.value <= found.ci95[1], name


class Late(WallClock):
    """A clock that can be put forward."""

    later = 0.0

    def now(self) -> float:
        return super().now() + self.later


class Long:
    """A score that takes an hour."""

    name, summary, reference, needs_head = "long", "Takes an hour.", "", False

    def __init__(self, clock: Late) -> None:
        self.clock = clock

    def score(self, seen: LabelledFeatures) -> float:
        self.clock.later += 3600
        return 0.0


@pytest.mark.parametrize("full", [True, False])
def test_only_a_full_profile_continues_past_the_budget(tmp_path: Path, full: bool) -> None:
    clock = Late()
    data = tiny_images(classes=3, each=40)
    ready = prepared_with({"long": Long(clock)}, clock, tmp_path, data, budget="20m", full_profile=full)
    assert clock.later >= 3600
    assert any(note.startswith("Not checked for lack of time") for note in ready.notes) != full
    assert (ready.learning_curve is not None) == full


def test_the_learning_curve_rises_and_names_a_round_number(tmp_path: Path) -> None:
    ready = prepared(tmp_path, tiny_images(classes=4, each=40, noise=0.8))
    assert ready.learning_curve is not None
    points = ready.learning_curve.points
    assert [each.n for each in points] == sorted({each.n for each in points})
    assert points[-1].score > points[0].score
    assert ready.learning_curve.sentence.startswith("40 more images would")
    assert [each.more for each in ready.learning_curve.forecast] == [10, 40, 100]
    gains = [each.gain for each in ready.learning_curve.forecast]
    assert gains == sorted(gains)


def test_sizes_are_nested_and_no_repeat_learns_from_what_it_validates_on(tmp_path: Path) -> None:
    ready = prepared(tmp_path, tiny_images(classes=3, each=30))
    sizes = probe_at_sizes(ready.run_cache, "tiny", seed=0)
    assert sizes is not None
    assert sizes.scores.shape == (len(sizes.sizes), 5)
    assert sizes.sizes[-1] <= 0.81 * len(ready.run_cache.order)
    assert sizes.validated == len(ready.run_cache.order)
    few = prepared(tmp_path / "few", tiny_images(classes=3, each=5))
    assert probe_at_sizes(few.run_cache, "tiny", seed=0) is None


def test_parts_hold_every_row_once_and_rows_can_be_left_out(tmp_path: Path) -> None:
    ready = prepared(tmp_path, tiny_images(classes=3, each=20))
    parts = stratified_parts(ready.dataset, ready.splits.train, seed=0)
    assert sorted(np.concatenate(parts)) == sorted(ready.splits.train)
    gone = ready.splits.train[:5]
    less = without_rows(ready.dataset, ready.splits, gone)
    assert not set(gone) & set(less.train)
    np.testing.assert_array_equal(less.test, ready.splits.test)


def test_classes_that_the_source_knows_are_named(tmp_path: Path) -> None:
    images, _ = tiny_images(classes=2, each=20)
    ready = prepared(tmp_path, (images, ["goldfish"] * 20 + ["my cat"] * 20))
    overlap = ready.overlap["tiny"]
    assert overlap is not None
    assert overlap.known == 1
    assert set(overlap.classes) == {"goldfish"}


def test_images_of_the_source_among_ones_own_are_noticed(tmp_path: Path) -> None:
    images, labels = tiny_images(classes=3, each=20, side=48, noise=0.05)
    folder = tmp_path / "source"
    for i, pixels in enumerate(tiny_images(classes=5, each=10, side=48, noise=0.05, seed=9)[0]):
        _save(Image.fromarray(pixels), folder / f"{i}.png")
    for i in (3, 30):
        _save(Image.fromarray(images[i]), folder / f"own{i}.png")
    ready = prepared(tmp_path / "c", (images, labels), source=str(folder), test=0.2)
    assert ready.copies is not None
    assert ready.copies.compared == 52
    assert 1 <= ready.copies.images <= 4
    plain = prepared(tmp_path / "d", (images, labels))
    assert plain.copies is None

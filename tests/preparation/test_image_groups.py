"""Images that belong together are found before and after the features are known, and kept in one fold."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.api import Splits
from autotl.clock import Deadline, FakeClock, WallClock
from autotl.data import read
from autotl.pipeline.prepare import Prepared
from autotl.preparation.group_record import GroupRecord
from autotl.preparation.image_groups import first_groups, last_groups
from autotl.preparation.record import read_record
from autotl.quality import Groups
from autotl.results import read_run_file
from autotl.terminal import Silence
from autotl.workbench.activation_cache import ActivationCache
from tests.support.frames import CATALOG, FRAMES, THINGS, Heard, frames, nameless, prepared, track
from tests.support.settings import settings


def things_of(ready: Prepared) -> np.ndarray:
    """The thing that each row shows, by class."""
    known = {nameless(t, f): t for t in range(2 * THINGS) for f in range(FRAMES)}
    names = [Path(item).name for item in ready.dataset.table["item"]]
    return np.array([known[name] if name in known else int(name[:3]) for name in names])


def grouping(ready: Prepared) -> GroupRecord:
    assert ready.record.splitting is not None
    return ready.record.splitting.grouping


def divided(splits: Splits, things: np.ndarray) -> int:
    """How many things lie on both sides of a fold."""
    return sum(len({*things[fold.train]} & {*things[fold.val]}) for fold in splits.folds)


@pytest.mark.parametrize("name", [track, nameless])
def test_no_fold_and_no_test_part_made_here_divides_frames(
    tmp_path: Path, name: Callable[[int, int], str]
) -> None:
    watch = Heard()
    ready = prepared(tmp_path / "cache", frames(tmp_path / "data", name), watch=watch)
    things = things_of(ready)
    assert divided(ready.splits, things) == 0
    if name is track:  # known before the test part is made
        assert not {*things[ready.splits.train]} & {*things[ready.splits.test]}
    assert ready.groups is not None
    assert ready.groups.images == sum(map(len, grouping(ready).last or ()))
    assert ready.groups.images > len(ready.splits.train) / 2
    assert ready.groups.across_test is None
    assert any("--group none" in each for each in watch.said)
    assert any("--group none" in each for each in ready.notes)


@pytest.mark.parametrize("small", [0, 2000])
def test_groups_that_features_show_change_the_folds_and_keep_what_was_computed(
    tmp_path: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autotl.data.splits.splitting._MAX_KFOLD_IMAGES", small)  # 0: one holdout
    monkeypatch.setattr("autotl.preparation.image_groups.find_groups", without_hashes)
    data = frames(tmp_path / "data", nameless)
    ready = prepared(tmp_path / "cache", data)
    plain = prepared(tmp_path / "plain", data, group="none")
    assert plain.groups is None
    things = things_of(ready)
    assert ready.splits.test.tolist() == plain.splits.test.tolist()
    assert divided(plain.splits, things) > 0
    assert divided(ready.splits, things) == 0
    assert ready.groups is not None
    assert 0 < ready.groups.moved < len(ready.splits.train)
    assert set(ready.groups.found_by) <= {"likeness", "near copies"}
    one, other = (each.run_cache.features("tiny", input_size=32).numpy() for each in (ready, plain))
    place = plain.run_cache.positions(ready.run_cache.order).numpy()
    np.testing.assert_array_equal(one, other[place])
    maps = [ActivationCache(each.run_cache) for each in (ready, plain)]
    kept = [
        [
            stage.module
            for stage in each.backbones["tiny"].stages
            if cut.contains("tiny", stage.module, cut.plain_view("tiny"))
        ]
        for each, cut in zip((ready, plain), maps, strict=True)
    ]
    assert kept[0] == kept[1]
    for module in kept[0]:
        arrays = [cut.array("tiny", module, cut.plain_view("tiny")).numpy() for cut in maps]
        np.testing.assert_array_equal(arrays[0], arrays[1][place])


def without_hashes(seen: Any, **told: Any) -> Any:
    from autotl.quality import find_groups

    return Groups() if seen.features is None else find_groups(seen, **told)


def test_nothing_changes_without_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    blobs = rng.integers(0, 256, (150, 6, 6, 3), dtype=np.uint8)
    images = np.stack([np.asarray(Image.fromarray(each).resize((32, 32))) for each in blobs])
    given = (images, ["a", "b", "c"] * 50)
    ready = prepared(tmp_path / "cache", given)
    plain = prepared(tmp_path / "plain", given, group="none")
    assert ready.splits.hash == plain.splits.hash
    assert ready.groups is not None
    assert ready.groups.groups == 0


def test_a_column_of_groups_ends_the_search_for_groups(tmp_path: Path) -> None:
    folder = frames(tmp_path / "data", track)
    rows = [
        f"{path.relative_to(folder)},{path.parent.name},{path.stat().st_size % 30}"
        for path in sorted(folder.rglob("*.png"))
    ]
    (folder / "table.csv").write_text("\n".join(["image,label,group", *rows]))
    ready = prepared(tmp_path / "cache", folder / "table.csv")
    assert ready.groups is None
    assert grouping(ready).on is False


def test_the_users_own_test_part_is_untouched_and_groups_across_it_are_named(tmp_path: Path) -> None:
    folder = frames(tmp_path / "data", track, part="train")
    frames(folder, lambda thing, frame: f"t{thing:03}{frame}.png", part="test", seed=1)
    shown = folder / "train" / "a" / track(0, 0)
    shutil.copy(shown, folder / "test" / "a" / "again.png")
    with Image.open(shown) as image:
        image.resize((36, 36)).resize((32, 32)).save(folder / "test" / "a" / "again.png")
    watch = Heard()
    ready = prepared(tmp_path / "cache", folder, watch=watch)
    tested = {
        Path(item).parent.parent.name for item in ready.dataset.table["item"].to_numpy()[ready.splits.test]
    }
    assert tested == {"test"}
    assert len(ready.splits.test) == 2 * THINGS * FRAMES + 1
    assert ready.groups is not None
    across = ready.groups.across_test
    assert across is not None
    assert across.groups >= 1
    assert any("test part is kept as given" in each for each in watch.said)
    assert any(one.startswith("test") and other.startswith("train") for one, other in across.examples)


def test_groups_that_the_users_own_validation_part_divides_are_named(tmp_path: Path) -> None:
    folder = frames(tmp_path / "data", track, part="train")
    frames(folder, track, part="test", seed=1)
    for path in sorted((folder / "train").rglob("*_003.png")):
        own = folder / "val" / path.parent.name / path.name
        own.parent.mkdir(parents=True, exist_ok=True)
        path.rename(own)
    watch = Heard()
    ready = prepared(tmp_path / "cache", folder, watch=watch)
    assert ready.splits.kind == "given"
    assert not any("in one fold" in each for each in watch.said)
    assert len(ready.splits.folds[0].val) == 2 * THINGS
    assert ready.groups is not None
    assert ready.groups.moved == 0
    assert ready.groups.across_test is None
    across = ready.groups.across_validation
    assert across is not None
    assert across.images > THINGS
    assert ready.groups.divided == across.groups > 0
    assert all(one.startswith("val") and other.startswith("train") for one, other in across.examples)


def test_a_resumed_run_keeps_its_groups_whatever_is_found_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = frames(tmp_path / "data", nameless)
    ready = prepared(tmp_path / "cache", data)
    told = autotl.jsonio.plain(ready.record)
    monkeypatch.setattr("autotl.preparation.image_groups.find_groups", lambda *_, **__: Groups())
    again = prepared(tmp_path / "other", data, record=read_record(told))
    assert again.splits.hash == ready.splits.hash
    assert again.groups == ready.groups


def test_a_run_that_was_begun_before_groups_were_looked_for_goes_on_without(tmp_path: Path) -> None:
    data = frames(tmp_path / "data", track)
    plain = prepared(tmp_path / "plain", data, group="none")
    told = autotl.jsonio.plain(plain.record)
    del told["splitting"]["grouping"]
    again = prepared(tmp_path / "other", data, record=read_record(told))
    assert again.splits.hash == plain.splits.hash
    assert again.groups is None


def test_without_time_the_groups_are_those_found_before(tmp_path: Path) -> None:
    data = frames(tmp_path / "data", track)
    ready = prepared(tmp_path / "cache", data)
    options, dataset = settings(data=data), read(data, readers=CATALOG.readers.items)
    _, groups, known = first_groups(options, dataset, None, end=Deadline(WallClock()))
    late = Deadline(FakeClock(1.0), at=0.0)
    _, found = last_groups(options, ready.run_cache, groups, known, end=late)
    assert found.unfinished
    assert set(found.found_by) <= {"file names", "likeness", "near copies", "neighbouring file names"}
    assert found.last
    assert any("ran out of time" in each for each in found.notes)


def test_the_search_before_the_split_ends_in_its_share_of_the_time(tmp_path: Path) -> None:
    data = frames(tmp_path / "data", track)
    options, dataset = settings(data=data), read(data, readers=CATALOG.readers.items)
    ready = prepared(tmp_path / "cache", data)
    late = Deadline(FakeClock(1.0), at=0.0)
    _, groups, known = first_groups(options, dataset, None, end=late)
    assert groups.unfinished
    assert known.sets == ()
    _, found = last_groups(options, ready.run_cache, groups, known, end=Deadline(WallClock()))
    assert found.last
    assert any("ran out of time" in each for each in found.notes)  # the test part was made without them


QUICK = ("--backbone", "tiny", "--trials", "1", "--strategy", "linear_probe", "--image-size", "32", "--quiet")


@pytest.mark.parametrize("words", [(), ("--group", "none")])
def test_the_command_looks_for_groups_and_its_report_names_them(tmp_path: Path, words: Sequence[str]) -> None:
    data, out = frames(tmp_path / "data", track), tmp_path / "run"
    call = ["fit", str(data), "--out", str(out), *QUICK, *words]
    assert cli.guarded(lambda: cli.app(call, standalone_mode=False)) == 0
    report = autotl.load(out).report
    groups = report["quality"]["groups"]
    said = (out / "report.md").read_text()
    if words:
        assert groups is None
        assert "--group none" not in said.replace(report["command"], "")
        assert read_run_file(out).arguments["group"] == "none"
        return
    assert groups["groups"] > 0
    assert groups["examples"]
    assert sum(groups["found_by"].values()) == groups["images"]
    assert "`--group none` switches this off" in said
    assert "--group none" in (out / "report.html").read_text()


def test_a_finished_run_with_groups_goes_on_with_the_same_split(tmp_path: Path) -> None:
    data, out = frames(tmp_path / "data", nameless), tmp_path / "run"
    told: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe"}
    before = autotl.fit(data, out=out, trials=1, watch=Silence(), **told).report
    split = (out / "split.csv").read_text()
    after = autotl.resume(out, trials=2, watch=Silence()).report
    assert (out / "split.csv").read_text() == split
    assert after["split"]["hash"] == before["split"]["hash"]
    assert after["quality"]["groups"] == before["quality"]["groups"]
    assert after["quality"]["groups"]["groups"] > 0

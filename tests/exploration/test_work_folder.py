"""The out folder of an exploration, and blocks of rows on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autotl.errors import RunError
from autotl.exploration.work_folder import DOCUMENT, RowFile, open_out_folder


def test_complete_blocks_survive_and_the_others_are_written_again(tmp_path: Path) -> None:
    first = RowFile(tmp_path, "key", (6, 2))
    first.write(slice(0, 3), np.full((3, 2), 7, np.float32))
    again = RowFile(tmp_path, "key", (6, 2))
    assert again.done == 3
    again.write(slice(3, 6), np.full((3, 2), 8, np.float32))
    assert again.read()[:, 0].tolist() == [7, 7, 7, 8, 8, 8]
    assert RowFile(tmp_path, "other", (6, 2)).done == 0
    assert RowFile(tmp_path, "key", (6, 3)).done == 0


@pytest.mark.parametrize("damage", [b"", b"{", b'{"done": 99}', b'{"done": "3"}'])
def test_a_damaged_marker_starts_again(tmp_path: Path, damage: bytes) -> None:
    file = RowFile(tmp_path, "key", (6, 2))
    file.write(slice(0, 3), np.ones((3, 2), np.float32))
    next(tmp_path.glob("*.json")).write_bytes(damage)
    assert RowFile(tmp_path, "key", (6, 2)).done == 0


def test_a_truncated_matrix_starts_again(tmp_path: Path) -> None:
    file = RowFile(tmp_path, "key", (6, 2))
    file.write(slice(0, 3), np.ones((3, 2), np.float32))
    file.path.write_bytes(file.path.read_bytes()[:130])
    assert RowFile(tmp_path, "key", (6, 2)).done == 0


def test_the_second_path_stays_when_the_work_is_removed(tmp_path: Path) -> None:
    folder = open_out_folder(tmp_path / "out", "photos")
    with folder.locked():
        file = RowFile(folder.work, "key", (1, 2))
        file.write(slice(0, 1), np.ones((1, 2), np.float32))
        file.give_to(folder.path / "features.npy")
    assert RowFile(folder.work, "key", (1, 2)).done == 1
    folder.remove_work()
    assert np.load(folder.path / "features.npy").tolist() == [[1, 1]]


def test_only_an_interrupted_exploration_is_opened_again(tmp_path: Path) -> None:
    folder = open_out_folder(tmp_path / "out", "photos")
    again = open_out_folder(tmp_path / "out", "photos")
    with folder.locked(), pytest.raises(RunError, match="Another process is using"), again.locked():
        raise AssertionError("the folder is locked")
    (folder.path / DOCUMENT).write_text("{}")
    with pytest.raises(RunError, match="finished exploration"):
        open_out_folder(tmp_path / "out", "photos")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(RunError, match="not empty"):
        open_out_folder(tmp_path / "full", "photos")


def test_work_that_a_killed_process_left_in_a_finished_folder_is_removed(tmp_path: Path) -> None:
    folder = open_out_folder(tmp_path / "out", "photos")
    with folder.locked():
        RowFile(folder.work, "key", (1, 2))
    (folder.path / DOCUMENT).write_text("{}")
    with pytest.raises(RunError, match="finished exploration"):
        open_out_folder(tmp_path / "out", "photos")
    assert [each.name for each in folder.path.iterdir()] == [DOCUMENT]
    with pytest.raises(RunError, match="finished exploration"), folder.locked():
        raise AssertionError("the folder is finished")
    assert [each.name for each in folder.path.iterdir()] == [DOCUMENT]


def test_an_auto_named_folder_stays_only_if_it_holds_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOTL_RUNS", str(tmp_path / "runs"))
    used, unused = open_out_folder(None, "photos"), open_out_folder(None, "photos")
    with used.locked():
        RowFile(used.work, "key", (1, 2))
    with unused.locked():
        pass
    for folder in (used, unused):
        folder.remove_unless_resumable()
    assert list((tmp_path / "runs").iterdir()) == [used.path]
    named = open_out_folder(tmp_path / "out", "photos")
    named.remove_unless_resumable()
    assert named.path.is_dir()

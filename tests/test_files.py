"""Check that files are written completely, with the right mode, and follow links and pipes."""

from __future__ import annotations

import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from autotl import files
from autotl.cache import exclusive_lock
from autotl.errors import DiskFull, RunError
from autotl.workbench.tensor_files import save_tensors


def test_errors_of_sqlite_and_safetensors_are_recognised(tmp_path: Path) -> None:
    for said in (
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError('IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })'),
    ):
        with pytest.raises(DiskFull, match="are needed for"), files.raising_disk_full(tmp_path / "x", 2**20):
            raise said
    assert not files.is_full(ValueError("the loss is not a number"))


def test_a_file_gets_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_bytes(tmp_path / "new", b"1")
        save_tensors(tmp_path / "weights", {"x": torch.zeros(2)})
        with files.open_output(tmp_path / "named") as file:
            file.write(b"1")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o640}


def test_an_output_follows_links_and_keeps_the_mode(tmp_path: Path) -> None:
    target, other = tmp_path / "target", tmp_path / "other"
    target.write_text("old")
    target.chmod(0o600)
    (tmp_path / "link").symlink_to("target")
    other.hardlink_to(target)
    with files.open_output(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (target.read_text(), other.read_text()) == ("new", "new")
    other.unlink()
    with files.open_output(target) as file:
        file.write(b"newer")
    assert target.read_text() == "newer"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "target"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_an_output_can_be_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_bytes)
        with files.open_output(pipe) as file:
            file.write(b"rows")
        assert read.result() == b"rows"
    assert pipe.is_fifo()


def test_an_interrupted_output_leaves_the_old_files(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")

    def interrupted() -> None:
        with files.open_output(target) as file:
            file.write(b"some rows")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert (tmp_path / "table.csv.part").read_text() == "some rows"


@pytest.mark.parametrize("name", ["", "file/below", "x" * 300])
def test_the_error_for_an_unwritable_path_names_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunError, match=r"is a folder|cannot be written"),
        files.open_output(tmp_path / name),
    ):
        pass
    if name:
        with pytest.raises(RunError, match="cannot be written"):
            files.write_bytes(tmp_path / name, b"")
        with pytest.raises(RunError, match="cannot be written"), exclusive_lock(tmp_path / name, "it"):
            pass

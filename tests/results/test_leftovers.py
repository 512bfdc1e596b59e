"""Incomplete files of a killed process are removed, and nothing else."""

from __future__ import annotations

from pathlib import Path

from autotl import files
from autotl.results import remove_leftovers


def files_in(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


def test_half_written_files_go_and_others_stay(tmp_path: Path) -> None:
    keep = (
        "report.json",
        ".lock",
        "journal/0000.safetensors",
        ".mine.json",
        "study.db",
        ".notes.json.backup1.txt",
        ".cache/5f.npy",
        ".cache/trials/trial-0001.0.safetensors",
    )
    for name in keep:
        files.write_bytes(tmp_path / name, b"kept")
    for name in (
        ".report.json.a1b2c3d_",
        "journal/.0001.safetensors.abcdefgh",
        "figures/.gain.svg.12345678",
        ".cache/5f00.part",
        ".cache/trials/00ab.part",
        ".cache/trials/.trial-0002.0.safetensors.12ab34cd",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".model.new").mkdir()
    (tmp_path / ".model.new" / "part").write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert files_in(tmp_path) == set(keep)


def test_a_model_that_was_complete_gets_its_name(tmp_path: Path) -> None:
    for name in (".model.old", ".model.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(name)
    remove_leftovers(tmp_path)
    assert (tmp_path / "model" / "config.json").read_text() == ".model.new"
    assert files_in(tmp_path) == {"model/config.json"}


def test_a_model_that_was_moved_away_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".model.old").mkdir()
    (tmp_path / ".model.old" / "config.json").write_text("old")
    remove_leftovers(tmp_path)
    assert files_in(tmp_path) == {"model/config.json"}

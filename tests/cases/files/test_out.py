"""What ``--out`` names is written, or refused; nothing else is lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cases.pictures import Cli, flat


@pytest.fixture
def new(here: Path) -> Path:
    flat(here / "new", each=2)
    return here


@pytest.mark.parametrize("name", ["answers.csv", "not/yet/there/answers.csv", "no ending", "ä.csv", "-x.csv"])
def test_a_new_file_is_written(command: Cli, finished: Path, new: Path, name: str) -> None:
    assert command("predict", finished, "new", f"--out={name}")[0] == 0
    assert len(Path(name).read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("new", "must be a file (new is a folder)"),
        ("", "is a folder"),
        ("new/0.png/below", "cannot be written"),
        ("x" * 300, "cannot be written"),
        ("new/0.png", "must not be one of the inputs"),
        ("same.png", "must not be one of the inputs"),
    ],
    ids=["folder", "nothing", "below-a-file", "long", "input", "link-to-an-input"],
)
def test_another_place_is_refused(command: Cli, finished: Path, new: Path, name: str, why: str) -> None:
    before = Path("new/0.png").read_bytes()
    Path("same.png").symlink_to("new/0.png")
    code, _, err = command("predict", finished, "new/0.png", "new/1.png", f"--out={name}")
    assert code == 2
    assert why in err
    assert Path("new/0.png").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no such devices")
def test_devices_stay_devices(command: Cli, finished: Path, new: Path) -> None:
    assert command("predict", finished, "new", "--out", "/dev/null")[0] == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    code, _, err = command("predict", finished, "new", "--out", "/dev/full")
    assert code == 2
    assert "disk is full" in err
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("target", ["there.csv", "not yet.csv"])
def test_a_link_is_written_through(command: Cli, finished: Path, new: Path, target: str) -> None:
    Path("there.csv").touch(mode=0o600)
    Path("link.csv").symlink_to(target)
    assert command("predict", finished, "new", "--out", "link.csv")[0] == 0
    assert Path("link.csv").is_symlink()
    assert len(Path(target).read_text().splitlines()) == 3
    assert stat.S_IMODE(Path("there.csv").stat().st_mode) == 0o600


def test_a_file_keeps_its_mode(command: Cli, finished: Path, new: Path) -> None:
    Path("answers.csv").touch(mode=0o600)
    assert command("predict", finished, "new", "--out", "answers.csv")[0] == 0
    assert stat.S_IMODE(Path("answers.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("new", "exists and is not empty"),
        ("new/0.png", "exists and is not empty"),
        ("new/0.png/below", "cannot be created"),
        ("/dev/null", "exists and is not empty"),
        ("nowhere", "cannot be created|exists"),
    ],
)
def test_a_run_begins_in_a_new_folder_only(command: Cli, new: Path, name: str, why: str) -> None:
    Path("nowhere").symlink_to("nowhere")
    flat(new / "data/a", each=2)
    flat(new / "data/b", each=2)
    before = sorted(new.rglob("*"))
    code, _, err = command("fit", "data", "--out", name, "--trials", "1", "--backbone", "tiny", "--quiet")
    assert code == 2
    assert any(each in err for each in why.split("|"))
    assert sorted(new.rglob("*")) == before

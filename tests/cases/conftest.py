"""A folder to work in, and one small run for all tests of what is done with a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autotl import cli
from tests.cases.pictures import Cli, folders


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run the command line in this process; give the exit code, and what it wrote on both streams."""

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, " ".join(said.err.split())

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on two classes of pictures; its data lies beside it. To be read only."""
    root = tmp_path_factory.mktemp("cases")
    folders(root / "photos", "red", "blue", each=10)
    words = ["fit", str(root / "photos"), "--out", str(root / "run"), "--backbone", "tiny", "--quiet"]
    words += ["--trials", "1", "--strategy", "linear_probe", "--image-size", "32"]
    assert cli.guarded(lambda: cli.app(words, standalone_mode=False)) == 0
    return root / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))

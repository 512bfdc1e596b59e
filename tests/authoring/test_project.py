"""A new plugin project is complete, and passes the checks of its contract."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autotl import cli
from autotl.authoring.project import HOOKS, new_project
from autotl.errors import PluginError, UnknownName


@pytest.mark.parametrize(
    ("hook", "name"), [("strategies", "torch"), ("strategies", "train-epoch"), ("readers", "item")]
)
def test_a_name_that_its_module_imports_is_refused(hook: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"must not have the name of an import"):
        new_project(name, tmp_path / "project", hook=hook)
    assert not (tmp_path / "project").exists()


def test_the_name_of_an_installed_plugin_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["new-plugin", "finetune", "--folder", str(tmp_path / "project")]
    assert cli.guarded(lambda: cli.app(command, standalone_mode=False)) == 2
    assert "The name of a plugin must be new (finetune is installed)" in capsys.readouterr().err
    assert not (tmp_path / "project").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("mine")
    with pytest.raises(PluginError, match=r"The folder must be empty or new"):
        new_project("mine", tmp_path / "project")


@pytest.mark.parametrize("hook", HOOKS)
def test_its_own_tests_pass(hook: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    new_project("brand-new", folder, hook=hook)
    declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"]["autotl"] == {"brand_new": "autotl_brand_new"}
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-n",
            "0",
            "--rootdir",
            str(folder),
            str(folder),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ["", "1st", "a b", "class", "../up", "é"])
def test_a_name_that_is_no_module_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="must start with a letter"):
        new_project(name, tmp_path / "project")
    assert not (tmp_path / "project").exists()


def test_a_folder_with_files_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(PluginError, match="must be empty or new"):
        new_project("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_hook_is_named() -> None:
    with pytest.raises(UnknownName, match="strategies"):
        new_project("mine", Path("unused"), hook="strategy")


def test_the_command_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.guarded(lambda: cli.app(["new-plugin", "demo"], standalone_mode=False)) == 0
    said = capsys.readouterr().out
    assert "pip install -e 'autotl-demo[test]' && pytest autotl-demo" in said
    assert "autotl try demo" in said
    assert (tmp_path / "autotl-demo" / "autotl_demo.py").is_file()

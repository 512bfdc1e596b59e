"""The revision of an installed distribution, from files, an editable folder and git."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autotl.bench.revision import commit, revision


class Installed:
    """A distribution with one module in a new folder of the path."""

    def __init__(self, folder: Path) -> None:
        self.site, self.project = folder / "site", folder / "project"
        self.metadata = self.site / "mine_for_tests-1.0.dist-info"
        self.metadata.mkdir(parents=True)
        self.project.mkdir()
        for name, text in {
            "METADATA": "Metadata-Version: 2.1\nName: mine-for-tests\nVersion: 1.0\n",
            "RECORD": "mine_for_tests.py,,\nmine_for_tests-1.0.dist-info/METADATA,,\n../bin/tool,,\n",
            "entry_points.txt": "[autotl]\nmine = mine_for_tests\n",
        }.items():
            (self.metadata / name).write_text(text)
        (self.site / "mine_for_tests.py").write_text("RATE = 1\n")

    def origin(self, **facts: object) -> None:
        (self.metadata / "direct_url.json").write_text(json.dumps({"url": self.project.as_uri(), **facts}))

    def revision(self) -> str:
        revision.cache_clear()
        return revision("mine-for-tests")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.project), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    found = Installed(tmp_path)
    monkeypatch.syspath_prepend(str(found.site))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return found


def test_an_installation_has_a_hash_of_its_files(installed: Installed) -> None:
    before = installed.revision()
    assert before.startswith("files:")
    assert installed.revision() == before
    (installed.metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mine-for-tests\nVersion: 1.1\n"
    )
    assert installed.revision() == before
    (installed.site / "mine_for_tests.py").write_text("RATE = 2\n")
    assert installed.revision() != before


def test_an_installation_from_git_has_its_commit_and_a_hash(installed: Installed) -> None:
    before = installed.revision()
    installed.origin(vcs_info={"vcs": "git", "commit_id": "abc"})
    assert commit("mine-for-tests") == "abc"
    assert installed.revision() == before


def test_an_editable_installation_has_the_revision_of_an_ordinary_one(installed: Installed) -> None:
    before = installed.revision()
    installed.origin(dir_info={"editable": True})
    assert installed.revision() == before


def test_other_files_of_a_checkout_do_not_change_the_revision(installed: Installed) -> None:
    installed.origin(dir_info={"editable": True})
    (installed.project / "README.md").write_text("mine\n")
    installed.git("init", "-q")
    installed.git("add", ".")
    installed.git("commit", "-q", "-m", "Add a plugin")
    before, known = installed.revision(), commit("mine-for-tests")
    assert known == installed.git("rev-parse", "HEAD")
    (installed.project / "results").mkdir()
    (installed.project / "results" / "results.parquet").write_text("rows\n")
    assert (installed.revision(), commit("mine-for-tests")) == (before, known)
    (installed.project / "README.md").write_text("changed\n")
    assert (installed.revision(), commit("mine-for-tests")) == (before, "")
    (installed.site / "mine_for_tests.py").write_text("RATE = 2\n")
    assert installed.revision() != before


def test_an_unknown_distribution_has_no_revision() -> None:
    assert (revision("no-such-distribution"), commit("no-such-distribution")) == ("", "")

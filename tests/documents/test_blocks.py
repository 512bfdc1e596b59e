"""Every block of code in the documents runs, or names the reason why it does not."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import autotl
from autotl import cli
from docs.site.staging import pages
from tests.documents.blocks import ROOT, RUNNABLE, Block, blocks, command_lines, runnable
from tests.documents.quick import finished_runs, quicken
from tests.documents.world import write_world

PAGES = pages(ROOT)
WITH_CODE = [page for page in PAGES if runnable(page)]
RUNS = ("run", "run-ages")
"""The finished runs of the world."""

pytestmark = pytest.mark.usefixtures("few_epochs")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files that pages name, and a finished run."""
    folder = tmp_path_factory.mktemp("documents") / "world"
    write_world(folder)
    finished_runs(folder)
    return folder


@pytest.fixture
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, which is the current one, with quick calls."""
    folder = tmp_path / "here"
    shutil.copytree(world, folder)
    monkeypatch.chdir(folder)
    quicken(monkeypatch, world)
    return folder


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = runnable(page)
    for name in _made(found):
        shutil.rmtree(here / name)
    names: dict[str, Any] = {"__name__": "documents", "autotl": autotl}
    for block in found:
        if block.language == "python":
            exec(compile(block.code, str(page), "exec"), names)  # the pages are ours
            continue
        for line in command_lines(block.code):
            assert _run(line) == 0, f"{line}\n{capsys.readouterr().err}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_that_is_not_run_has_a_reason(page: Path) -> None:
    marked = [block for block in blocks(page) if block.why]
    assert [block.why for block in marked if len(block.why.split()) < 3] == []
    assert [block.language for block in marked if block.language not in RUNNABLE] == []
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^ *<!-- not run:", text, re.MULTILINE)) == len(marked)


def test_a_marker_belongs_to_the_next_block_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- not run: a reason -->\n```bash\nexit\n```\n\n- list\n\n  ```python\n  x = 1\n  ```\n"
    )
    assert [*blocks(page)] == [Block("bash", "exit\n", "a reason"), Block("python", "x = 1\n")]
    assert runnable(page) == [Block("python", "x = 1\n")]


def test_commands_may_be_continued() -> None:
    assert command_lines("# why\nautotl fit photos/ \\\n  --out run\n\nautotl plugins\n") == [
        "autotl fit photos/    --out run",
        "autotl plugins",
    ]


def _made(found: list[Block]) -> list[str]:
    """Return the runs that a page makes itself; the world has the others."""
    code = "\n".join(block.code for block in found)
    return [name for name in RUNS if re.search(rf"(?:--out |out=\"){re.escape(name)}(?![\w-])", code)]


def _run(line: str) -> int:
    """Run a command of autotl, or ``python -c``, in this process; return its exit code."""
    words = shlex.split(line, comments=True)
    if words[0] == "autotl":
        return cli.guarded(lambda: cli.app(words[1:], standalone_mode=False))
    if words[:2] == ["python", "-c"]:
        exec(words[2], {})  # the pages are ours
        return 0
    raise AssertionError(f"No test can run {line!r}. Write <!-- not run: reason --> before its block.")

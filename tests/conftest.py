"""What the tests share: real data where it is, small data everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from autotl import cli

if TYPE_CHECKING:  # pytest may load this file before tests.support can be imported
    from tests.support.command_line import Run

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of real data sets and weights; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data and weights are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    """Return the stand-ins of backbones, strategies and runners."""
    return import_module("tests.support.fakes")


@pytest.fixture(scope="module")
def few_epochs() -> Iterator[None]:
    """Strategies train for a few epochs instead of dozens, for tests that ask not what a network learns but
    what becomes of it. All folds, trials and steps after the search are as ever.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autotl.builtin.strategies.tuning.reach.DEFAULT_EPOCHS", 2)
        patch.setattr(
            "autotl.builtin.strategies.tuning.reach.TARGET_STEPS", 1
        )  # else small data is passed over more often
        patch.setattr("autotl.builtin.strategies.baselines.from_scratch.DEFAULT_EPOCHS", 4)
        patch.setattr("autotl.builtin.strategies.baselines.from_scratch.MIN_EPOCHS", 4)
        patch.setattr("autotl.builtin.strategies.baselines.scratch_small.MAX_EPOCHS", 4)
        patch.setattr("autotl.builtin.strategies.baselines.scratch_small.MIN_EPOCHS", 2)
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call

from pathlib import Path

import autotl_gallery
import pytest

from autotl.testing import StrategyChecks

FILES = sorted(Path(autotl_gallery.__file__).parent.glob("[!_]*.py"))


def checks_of(tested):
    """Return the checks of a strategy, as a class that pytest collects."""
    return type(f"Test_{tested.name}", (StrategyChecks,), {"strategy": tested})


globals().update({f"Test_{each.name}": checks_of(each) for each in autotl_gallery.STRATEGIES})


def test_there_are_ten():
    assert len(FILES) == len(autotl_gallery.STRATEGIES) == 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_is_short(file):
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= (56 if file.stem == "lora" else 40)

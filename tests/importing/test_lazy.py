"""Check names and modules that are imported at their first use."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import autotl
from autotl.importing.lazy import LazyPackage, lazy_module

ROOT = Path(autotl.__file__).parent
LAZY = sorted(
    file.parent.relative_to(ROOT.parent).as_posix().replace("/", ".")
    for file in ROOT.rglob("__init__.py")
    if "lazy_package(" in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("package", LAZY)
def test_names_come_from_the_modules_in_the_type_checking_block(package: str) -> None:
    module = importlib.import_module(package)
    assert isinstance(module, LazyPackage)
    assert module.lazy_names
    assert set(module.lazy_names) <= set(module.__all__)
    for name, where in module.lazy_names.items():
        assert getattr(module, name) is getattr(importlib.import_module(where), name)
    assert [name for name in dir(module) if not name.startswith("__")] == sorted(
        name for name in module.__all__ if not name.startswith("__")
    )


def test_a_function_keeps_its_name_when_its_module_is_imported_first() -> None:
    code = (
        "import autotl.quality.shift, autotl.data.quality, autotl.fit, autotl\n"
        "from autotl.quality import shift\n"
        "from autotl.data import quality\n"
        "assert callable(shift) and callable(quality) and callable(autotl.fit)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_name_is_an_attribute_error() -> None:
    train = importlib.import_module("autotl.training")
    with pytest.raises(AttributeError, match=r"module 'autotl.training' has no attribute 'tarining'"):
        train.tarining  # noqa: B018


def test_a_lazy_module_is_imported_at_its_first_use() -> None:
    code = (
        "import sys\n"
        "from autotl.importing.lazy import lazy_module\n"
        "colours = lazy_module('colorsys')\n"
        "assert 'colorsys' not in sys.modules\n"
        "assert colours.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)\n"
        "import colorsys\n"
        "assert colours.rgb_to_hsv is colorsys.rgb_to_hsv"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_lazy_module_reflects_changes_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_for = lazy_module("colorsys")
    monkeypatch.setattr("colorsys.rgb_to_hsv", "changed")
    assert stands_for.rgb_to_hsv == "changed"

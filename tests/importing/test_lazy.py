"""Names of a package and modules that are imported when they are first used."""

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
def test_names_come_from_where_type_checkers_find_them(package: str) -> None:
    module = importlib.import_module(package)
    assert isinstance(module, LazyPackage)
    assert module.lazy_names
    assert set(module.lazy_names) <= set(module.__all__)
    for name, where in module.lazy_names.items():
        assert getattr(module, name) is getattr(importlib.import_module(f"{package}.{where}"), name)
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


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    train = importlib.import_module("autotl.training")
    with pytest.raises(AttributeError, match=r"module 'autotl.training' has no attribute 'tarining'"):
        train.tarining  # noqa: B018


def test_a_lazy_module_is_imported_when_it_is_used_and_not_registered_before() -> None:
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


def test_a_lazy_module_sees_what_is_changed_in_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_for = lazy_module("colorsys")
    monkeypatch.setattr("colorsys.rgb_to_hsv", "changed")
    assert stands_for.rgb_to_hsv == "changed"

"""The fakes, as fixtures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    """The module beside this file; tests are no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("search_fakes", Path(__file__).with_name("fakes.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["search_fakes"] = module
    spec.loader.exec_module(module)
    return module

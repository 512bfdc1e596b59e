"""An exploration with the embedded backbone, shared by the tests of a module."""

from __future__ import annotations

from pathlib import Path

import pytest

import autotl
from autotl.exploration.result import Exploration
from tests.support.planted import photos


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photos(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="module")
def explored(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    out = tmp_path_factory.mktemp("explored") / "out"
    return autotl.explore(pictures, out=out, backbone="tiny", clusters=3, projection="pca", device="cpu")

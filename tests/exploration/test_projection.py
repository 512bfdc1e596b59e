"""The map keeps neighbours together, and names its method."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from autotl.errors import DataError, UnknownName
from autotl.exploration import projection
from autotl.exploration.projection import check_projection, project
from tests.support.planted import planted


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_positions_are_in_the_unit_square_and_clusters_stay_together(method: str) -> None:
    rows, truth = planted(3, each=30)
    found = project(rows, method=method, seed=0)
    assert found.method == method
    assert found.positions.shape == (90, 2)
    assert found.positions.min() >= 0
    assert found.positions.max() == pytest.approx(1)
    centres = np.stack([found.positions[truth == k].mean(axis=0) for k in range(3)])
    nearest = ((found.positions[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == truth).mean() > 0.9


def test_rows_beyond_the_bound_are_placed_beside_their_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "MAX_ROWS", 60)
    rows, truth = planted(3, each=50)
    found = project(rows, method="tsne", seed=0)
    centres = np.stack([found.positions[truth == k].mean(axis=0) for k in range(3)])
    nearest = ((found.positions[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == truth).mean() > 0.9
    assert "places 60 images" in found.note


def test_without_umap_the_default_is_tsne_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_has_umap", lambda: False)
    found = project(planted(2, each=20)[0], method="auto", seed=0)
    assert found.method == "tsne"
    assert "autotl[explore]" in found.note
    with pytest.raises(DataError, match=r"autotl\[explore\]"):
        check_projection("umap")


def test_umap_is_the_default_if_it_is_installed() -> None:
    if importlib.util.find_spec("umap") is None:
        pytest.skip("umap-learn is not installed")
    assert project(planted(2, each=20)[0], method="auto", seed=0).method == "umap"


@pytest.mark.parametrize(
    ("package", "why"),
    [("raise RuntimeError('no  compiler')", "RuntimeError: no compiler"), ("", "no attribute 'UMAP'")],
    ids=["broken", "another"],
)
def test_a_package_that_is_no_umap_costs_no_work(
    package: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "umap.py").write_text(package)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "umap", raising=False)
    for method in ("auto", "umap"):
        found = project(planted(2, each=20)[0], method=method, seed=0)
        assert found.method == "tsne"
        assert "UMAP could not be used (" in found.note
        assert why in found.note
        monkeypatch.delitem(sys.modules, "umap", raising=False)


def test_an_unknown_projection_is_refused() -> None:
    with pytest.raises(UnknownName, match="tsne"):
        check_projection("tnse")


def test_equal_rows_share_the_middle() -> None:
    found = project(np.zeros((30, 1), np.float32), method="auto", seed=0)
    assert found.method == "pca"
    assert (found.positions == 0.5).all()

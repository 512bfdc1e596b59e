"""A plugin adds a modality: it is checked as other objects are, and runs end to end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autotl
from autotl import hookimpl, plugins
from autotl.builtin.modalities.texts import Texts
from autotl.errors import DataError, PluginError, UnknownName
from autotl.terminal import Silence
from autotl.testing import ModalityChecks, tiny_images
from tests.support.rows import RowConfig, Rows, RowSource, numbers

Offer = Callable[..., EntryPoint]


class TestRows(ModalityChecks):
    modality = Rows()
    config = RowConfig()
    inputs = tuple(numbers(2)["rows"])
    weights = RowSource().open("row:mlp")

    @pytest.fixture(autouse=True)
    def _installed(self, rows: None) -> None:
        """Networks for rows are created by their name."""


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Return a function that makes the entry point of a plugin with these modalities."""

    def put(name: str, *modalities: Any) -> EntryPoint:
        module = ModuleType(f"plugin_{name}")
        module.autotl_modalities = hookimpl(lambda: [*modalities])  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name, module.__name__, plugins.GROUP)

    return put


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the plugin of rows."""
    points = [*plugins.entry_points(group=plugins.GROUP)]
    points.append(EntryPoint("rows", "tests.support.rows", plugins.GROUP))
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()


def changed(**members: Any) -> Any:
    return type("Sounds", (Texts,), {"name": "sound", **members})()


def test_a_modality_of_another_version_or_without_members_is_left_out(offer: Offer):
    assert list(plugins.load([offer("sounds", changed())]).modalities.items) == ["sound"]
    old = plugins.load([offer("old", changed(api=1))]).broken["old"]
    assert "The modality 'sound' is written for version 1 of the plugin API" in old
    half = plugins.load([offer("half", type("Half", (), {"api": 2})())]).broken["half"]
    assert "is not a modality: it has no augmentations, backbones" in half


def test_two_modalities_of_one_name_are_an_error_with_a_remedy(offer: Offer):
    points = [offer("noises", changed()), offer("sounds", changed())]
    with pytest.raises(PluginError, match=r"Two plugins offer a modality called 'sound'.*--without sounds"):
        plugins.load(points)


def test_a_run_needs_the_modality_of_its_data(tmp_path: Path):
    with pytest.raises(UnknownName, match=r"No modality called 'image'.*Known: text"):
        autotl.fit(
            tiny_images(classes=2, each=12), out=tmp_path / "run", backbone="tiny", without=["images"],
            watch=Silence(),
        )  # fmt: skip


@pytest.mark.usefixtures("rows", "few_epochs")
def test_a_third_modality_is_fitted_predicted_and_loaded_again(tmp_path: Path):
    result = autotl.fit(
        numbers(), strategies=("linear_probe", "finetune"), trials=2, out=tmp_path / "run", device="cpu",
        experience=False, watch=Silence(),
    )  # fmt: skip
    assert result.report["test"]["value"] > 0.8
    assert {arm["backbone"] for arm in result.report["arms"]} == {"row_mlp"}
    assert "training rows" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    other = numbers(5, seed=1)
    found = autotl.load(tmp_path / "run", device="cpu").predict(other["rows"])
    assert (found["label"] == other["labels"]).mean() > 0.8
    assert found["path"][3] == "row 3"


@pytest.mark.usefixtures("rows")
def test_additional_images_are_refused_for_other_inputs(tmp_path: Path):
    images, _ = tiny_images(classes=2, each=12)
    with pytest.raises(DataError, match="must be images if unlabelled is given \\(got rows\\)"):
        autotl.fit(numbers(), unlabelled=images, out=tmp_path / "run", device="cpu", watch=Silence())

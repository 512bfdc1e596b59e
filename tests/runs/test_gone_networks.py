"""Resuming a run whose baseline, or whose baseline's network, is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import autotl
from autotl import plugins
from autotl.api import Record, Task, Weights
from autotl.builtin.strategies.baselines.pixels import Pixels
from autotl.results import read_run_file, write_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images


class Interrupting(Silence):
    """Presses Ctrl-C after the first trial of the baseline."""

    def scored(self, record: Record, best: Record | None) -> None:
        if record.arm.strategy == "stranger":
            raise KeyboardInterrupt


class Stranger(Pixels):
    """A baseline of a plugin, with a network of its own."""

    name = "stranger"

    def networks(self, task: Task) -> Sequence[Weights]:
        return [replace(each, name="strange_net") for each in super().networks(task)]


@pytest.mark.parametrize("network", ["recorded", "gone"])
def test_a_run_goes_on_without_a_baseline_that_brought_a_network(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, real = tmp_path / "run", plugins.load

    def with_stranger(found: object = None, *, without: object = ()) -> plugins.Catalog:
        catalog = real()
        catalog.strategies.add(Stranger(), plugins.Origin("stranger", "autotl-stranger", "1.0"))
        return catalog

    images = tiny_images(classes=3, each=12)
    with monkeypatch.context() as patched:
        patched.setattr(plugins, "load", with_stranger)
        with pytest.raises(KeyboardInterrupt):
            autotl.fit(
                images,
                out=out,
                backbone="tiny",
                image_size=32,
                strategies=["linear_probe", "stranger"],
                trials=4,
                experience=False,
                watch=Interrupting(),
            )
    file = read_run_file(out)
    if network == "gone":
        assert file.decided is not None
        plan = {**file.decided["plan"], "baseline_networks": {}}
        write_run_file(out, replace(file, decided={**file.decided, "plan": plan}))
    result = autotl.fit(images, out=out, resume=True, watch=Silence())
    assert len(result.trials()) == 4
    assert "stranger" in set(result.trials()["strategy"])
    assert result.report["verdict"]["strategy"] == "linear_probe"
    notes = " ".join(result.report["notes"])
    assert ("the network is not part of this run" in notes) == (network == "gone")
    assert "stranger is not installed any more" in notes

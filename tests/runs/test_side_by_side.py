"""A whole run whose trials run in processes side by side."""

from __future__ import annotations

from pathlib import Path

import autotl
from autotl.terminal import Silence
from autotl.testing import tiny_images


def test_two_workers_run_a_search_to_its_end(tmp_path: Path) -> None:
    result = autotl.fit(
        tiny_images(each=12),
        out=tmp_path / "run",
        backbone="tiny",
        trials=4,
        workers=2,
        image_size=32,
        strategies="linear_probe",
        experience=False,
        watch=Silence(),
    )
    found = result.trials()
    assert len(found) == 4
    assert set(found["state"]) == {"complete"}
    assert result.report["test"]["value"] > 1 / 3

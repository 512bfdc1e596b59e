"""The call that looks at data without training."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autotl import plugins, progress, terminal
from autotl.api import Columns, Watch
from autotl.clock import WallClock
from autotl.config.argument_types import check_arguments
from autotl.config.presets import BALANCED, PRESETS
from autotl.pipeline.validate import on_device, setup_of


def analyze(
    data: Any,
    *,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    test: float = 0.2,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    image_size: int | None = None,
    without: Iterable[str] = (),
    device: str = "auto",
    experience: bool = True,
    seed: int = 0,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Profile ``data`` without training: ``{"when": …, "quality": …}`` as in ``report.json``.

    How far the images lie from each backbone's source, by every distance; which backbone the scores foretell
    to transfer best; what more images would bring; what the rule of thumb and past runs suggest; and what is
    wrong with the data: imbalance, copies, leaks, doubtful labels, outliers, a shift between the parts. The
    arguments are those of :func:`fit`.
    """
    check_arguments({name: value for name, value in locals().items() if name != "data"})
    clock = WallClock()
    setup = setup_of(
        data,
        backbone,
        source,
        PRESETS[BALANCED].budget,
        None,
        "accuracy",
        image_size,
        test,
        Columns(image, label, group),
        device,
        seed,
        thorough=True,
        experience=experience,
    )
    catalog = plugins.load(without=without)
    silent = terminal.Silence() if watch is None else watch
    with progress.watched_by(silent, stay=True):
        progress.doing("loading PyTorch")
        setup = on_device(setup)
    from autotl.data import torch_within_cores
    from autotl.pipeline.run import Run, analysis
    from autotl.training import keep_freed_memory

    with (
        progress.watched_by(silent),
        torch_within_cores(),
        keep_freed_memory(setup.device == "cpu"),
        tempfile.TemporaryDirectory(prefix="autotl-") as folder,
    ):
        place = catalog.executors["serial"]
        run = Run(setup, Path(folder), True, catalog, {}, place, silent, clock, clock.now())
        return analysis(run, Path(folder) / ".cache")

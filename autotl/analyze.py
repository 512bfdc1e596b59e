"""Offer the call that profiles data without training."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autotl import progress, terminal
from autotl.api import Watch
from autotl.config.argument_types import check_arguments
from autotl.config.presets import with_preset
from autotl.config.run_config import RunConfig, all_options
from autotl.pipeline.validate import validate
from autotl.results.notebook.profile import Profile


def analyze(
    data: Any,
    *,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    unlabelled: Any = None,
    deploy: Any = None,
    image: str | None = None,
    text: str | None = None,
    label: str | Sequence[str] | None = None,
    target: str | None = None,
    group: str | None = None,
    image_size: int | None = None,
    test: float = 0.2,
    without: Iterable[str] = (),
    device: str = "auto",
    experience: bool = True,
    seed: int = 0,
    watch: Watch | None = None,
) -> Profile:
    """Profile ``data`` without training.

    The profile has the similarity of the images to each backbone's source, by every measure. It ranks the
    backbones by their scores, and forecasts the gain from more images. It repeats the advice of the rule of
    thumb and of past runs, and forecasts the score of each arm. The data issues are imbalance, copies, leaks,
    label issues, outliers, and a shift between the parts. The kinds of transfer are those that the given
    images allow.

    Args:
        data: The images, as for :func:`autotl.fit`. So are the other arguments.
        backbone: Names of timm models, or folders with weights.
        source: Some images that the backbone was pretrained on.
        unlabelled: Images like ``data`` without labels.
        deploy: Images of the place of use.
        image: The column of image paths, in a table.
        text: The column of texts, in a table without images.
        label: The column of labels, in a table; or several columns.
        target: The kind of target: "single", "multi" or "number"; by default it is inferred.
        group: The column whose equal values must stay in one part of the split.
        image_size: The only image size to use, in pixels.
        test: The fraction of the images held out for the test, in (0, 0.9].
        without: Plugins to leave out, by name.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        experience: Whether past runs are read.
        seed: The seed of all random choices.
        watch: An object that is informed of the progress; by default nothing is printed.

    Returns:
        A dictionary ``{"when": …, "quality": …}`` as in ``report.json``, which a notebook shows as sentences.
    """
    arguments = dict(locals())
    check_arguments(arguments)
    config = RunConfig.of(**{name: arguments[name] for name in all_options() if name in arguments})
    call = validate(with_preset(config), terminal.Silence() if watch is None else watch)
    call = replace(call, settings=replace(call.settings, full_profile=True), strategies={})
    from autotl.data import torch_within_cores
    from autotl.pipeline.profile import profile_data
    from autotl.training import keep_freed_memory

    with (
        progress.watched_by(call.watch),
        torch_within_cores(),
        keep_freed_memory(call.settings.device == "cpu"),
        tempfile.TemporaryDirectory(prefix="autotl-") as folder,
    ):
        return Profile(profile_data(call, Path(folder) / ".cache"))

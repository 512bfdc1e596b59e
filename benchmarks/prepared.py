"""Prepare images as a run does, without strategies and scores, for benchmarks of single parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from autotl import plugins
from autotl.cache import Store
from autotl.clock import WallClock
from autotl.config.run_config import RunConfig
from autotl.config.run_settings import resolve
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.terminal import Silence


def prepared(
    data: Any, store: Path, *, similarities: bool = False, full_profile: bool = False, **options: Any
) -> Prepared:
    """Return the prepared images, with the files of the store in a folder.

    Args:
        data: The images, as for ``autotl.fit``.
        store: The folder of decoded images and features.
        similarities: Whether the similarity to the source is measured.
        full_profile: Whether every step takes the time that it needs.
        **options: Options of ``autotl.fit``; by default one trial on the CPU.
    """
    limit = {} if "budget" in options else {"trials": 1}
    settings = resolve(
        RunConfig.of(data=data, **{"device": "cpu", **limit, **options}), full_profile=full_profile
    )
    offered = replace(Plugins.of(plugins.load(), {}), transferabilities={})
    if not similarities:
        offered = replace(offered, similarities={})
    return prepare(settings, offered, Services(Store(store), WallClock(), Silence()))

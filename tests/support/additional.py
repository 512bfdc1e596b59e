"""Runs with images besides the labelled ones, prepared for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotl import plugins
from autotl.api import Strategy
from autotl.cache import Store
from autotl.clock import WallClock
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.record import NEW_RUN, PreparationRecord
from autotl.terminal import Silence
from tests.support.fakes import Fake
from tests.support.settings import settings

CATALOG = plugins.load()


class Heard(Silence):
    """Records all messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclass
class Taught(Fake):
    """A strategy that learns from images of both roles."""

    name: str = "taught"
    additional: tuple[str, ...] = ("unlabelled", "source")


def ready_with(
    folder: Path,
    data: object,
    *,
    record: PreparationRecord = NEW_RUN,
    watch: Silence | None = None,
    strategies: Mapping[str, Strategy] | None = None,
    **options: Any,
) -> Prepared:
    """Prepare a run whose strategy learns from additional images."""
    options = {"backbone": "tiny", "image_size": 32, "experience": False, **options}
    taught: Any = {"taught": Taught()}
    return prepare(
        settings(data=data, **options),
        replace(Plugins.of(CATALOG, taught if strategies is None else strategies), similarities={}),
        Services(Store(folder), WallClock(), watch or Silence()),
        record,
    )

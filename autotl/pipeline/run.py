"""Hold the parts of one run, and prepare its search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotl import results
from autotl.api import Watch
from autotl.cache import Store
from autotl.clock import Clock
from autotl.config.run_settings import RunSettings
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Services
from autotl.pipeline.validate import ValidatedCall
from autotl.preparation.record import NEW_RUN, read_record
from autotl.search.algorithm import OWN, SearchAlgorithm


@dataclass(frozen=True, slots=True)
class Run:
    """A run in its folder.

    Attributes:
        call: The checked call.
        folder: The run folder.
        file: The content of ``run.json`` at the start of this call.
        arguments: The options of a resumed run, as JSON; None for a new run.
        temporary: Whether the folder is removed together with the result.
        algorithm: The search algorithm; None for autotl's own.
    """

    call: ValidatedCall
    folder: Path
    file: results.RunFile
    arguments: Mapping[str, Any] | None = None
    temporary: bool = False
    algorithm: SearchAlgorithm | None = None

    @property
    def settings(self) -> RunSettings:
        """The options of the run."""
        return self.call.settings

    @property
    def watch(self) -> Watch:
        """The object that is informed of the progress."""
        return self.call.watch

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        return self.call.clock

    @property
    def search_algorithm(self) -> SearchAlgorithm:
        """The search algorithm."""
        return OWN if self.algorithm is None else self.algorithm

    @property
    def cache(self) -> Path:
        """The folder of images, activations and weights, which a finished run removes."""
        return self.folder / ".cache"

    @property
    def elapsed(self) -> float:
        """The seconds of the budget that are spent."""
        return self.clock.now() - self.call.started

    def keep(self, **changed: Any) -> None:
        """Change some fields of ``run.json``."""
        results.write_run_file(self.folder, replace(results.read_run_file(self.folder), **changed))

    def keep_started(self, **found: Any) -> None:
        """Write the decisions of the preparation.

        A resumed run changes its folder only from here on: refusals come before.
        """
        if self.arguments is None:
            self.keep(**found, ended=None)
            return
        self.keep(**found, ended=None, arguments=self.arguments, name=self.file.name)
        results.archive_report(self.folder)
        results.remove_leftovers(self.folder)


def prepare_run(run: Run) -> Prepared:
    """Prepare the search of a run; decisions of an earlier start stay."""
    record = NEW_RUN if run.file.decided is None else read_record(run.file.decided)
    asked = run.settings.cache_bytes
    store = Store(run.cache, bound=record.cache if asked is None else asked)
    return prepare(run.settings, run.call.plugins, Services(store, run.clock, run.watch), record)

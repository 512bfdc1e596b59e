"""Carry out a call whose arguments are checked, and leave its folder fit to be resumed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotl import results
from autotl.data import torch_within_cores
from autotl.errors import DataError, DiskFull
from autotl.files import is_full
from autotl.pipeline.conclude import conclude
from autotl.pipeline.run import Run, explore, prepare
from autotl.pipeline.validate import Opened
from autotl.search.algorithm import OWN, SearchAlgorithm
from autotl.training import freed_memory_kept


def carry_out(
    begin: Opened,
    folder: Path,
    file: results.RunFile,
    *,
    spent: float = 0.0,
    asked: Mapping[str, Any] | None = None,
    temporary: bool = False,
    way: SearchAlgorithm | None = None,
) -> results.Result:
    """Run it in ``folder``. The folder can be resumed once a trial has started.

    Args:
        begin: the call, its arguments checked.
        folder: the run folder, which is there.
        file: its ``run.json``, as it was begun.
        spent: the seconds that the run had taken before it was resumed.
        asked: the arguments that a run is resumed with; None where it begins.
        temporary: whether the folder goes with the result.
        way: another way of searching than autotl's own.
    """
    setup, clock = begin.setup, begin.clock
    run = Run(
        setup,
        folder,
        temporary,
        begin.catalog,
        begin.strategies,
        begin.executor,
        begin.watch,
        clock,
        begin.begun - spent,
        file,
        asked,
        begin.notes,
        way or OWN,
    )
    kept, over, done = folder / ".cache", False, False
    there = kept.exists()
    try:
        with torch_within_cores(), freed_memory_kept(setup.device == "cpu"):
            ready = prepare(run, kept)
            result = conclude(run, ready, explore(run, ready, kept))
            over = done = True
            if tell := getattr(begin.watch, "finished", None):
                tell(result)
            return result
    except KeyboardInterrupt:
        if results.is_run(folder) and not temporary:
            model = folder / "model"
            found = f"The best model so far is in {model}." if model.is_dir() else "No model was found yet."
            begin.watch.say(f"{found} Resume the run with: autotl resume {folder}")
        raise
    except Exception as error:
        if is_full(error) and not temporary:
            raise DiskFull(f"{error} Free some space, then go on with: autotl resume {folder}") from error
        if isinstance(error, DataError) and (folder / "journal").is_dir() and not temporary:
            raise DataError(
                f"{error} Finished trials are kept. Resume the run with: autotl resume {folder}"
            ) from error
        if asked is not None:
            # refused: a finished run is left as it was
            over = not there and results.read_run_file(folder).ended is not None
        elif not (folder / "journal").is_dir():  # a mistake in what was asked: it can be asked better there
            (folder / results.RUN_FILE).unlink(missing_ok=True)
            (folder / ".lock").unlink(missing_ok=True)
            over = True
        raise
    finally:
        begin.catalog.tell("search_ended")
        if temporary and not done:
            shutil.rmtree(folder, ignore_errors=True)
        elif over:
            shutil.rmtree(kept, ignore_errors=True)

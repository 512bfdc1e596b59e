"""Execute a run, and leave its folder ready to be resumed."""

from __future__ import annotations

import shutil

from autotl import results
from autotl.data import torch_within_cores
from autotl.errors import DataError, DiskFull
from autotl.files import is_full
from autotl.pipeline.run import Run, prepare_run
from autotl.progress.timeline import Timeline, begin_phase, recorded_in, spent_on
from autotl.training import keep_freed_memory


def execute(run: Run) -> results.Result:
    """Prepare, search and conclude.

    The folder can be resumed once a trial has started.

    Args:
        run: The run; its folder and its ``run.json`` exist.

    Raises:
        AutotlError: An error of :mod:`autotl.errors`.
        KeyboardInterrupt: The user pressed Ctrl-C.
    """
    folder, had_cache = run.folder, run.cache.exists()
    finished = removable = False
    try:
        with torch_within_cores(), keep_freed_memory(run.settings.device == "cpu"):
            with recorded_in(Timeline(run.clock.now, start=run.call.begun)):
                result = _all_steps(run)
            finished = removable = True
            if show := getattr(run.watch, "finished", None):
                show(result)
            return result
    except KeyboardInterrupt:
        _say_how_to_resume(run)
        raise
    except Exception as error:
        _raise_with_advice(run, error)
        removable = _refused(run, had_cache=had_cache)
        raise
    finally:
        run.call.catalog.notify("search_ended")
        if run.temporary and not finished:
            shutil.rmtree(folder, ignore_errors=True)
        elif removable:
            shutil.rmtree(run.cache, ignore_errors=True)


def _all_steps(run: Run) -> results.Result:
    prepared = prepare_run(run)
    # imported now: Optuna takes a second that the first forward pass need not wait for
    with spent_on("import"):
        from autotl.pipeline.conclude import conclude
        from autotl.pipeline.run_search import run_search

    begin_phase("search")
    return conclude(run, prepared, run_search(run, prepared))


def _say_how_to_resume(run: Run) -> None:
    if not results.is_run(run.folder) or run.temporary:
        return
    model = run.folder / "model"
    found = f"The best model so far is in {model}." if model.is_dir() else "No model was found yet."
    run.watch.say(f"{found} Resume the run with: autotl resume {run.folder}")


def _raise_with_advice(run: Run, error: Exception) -> None:
    """Raise the error with advice on resuming, if that is possible."""
    if run.temporary:
        return
    resume = f"autotl resume {run.folder}"
    if is_full(error):
        raise DiskFull(f"{error} Free some space, then resume with: {resume}") from error
    if isinstance(error, DataError) and _has_trials(run):
        raise DataError(f"{error} Finished trials are kept. Resume the run with: {resume}") from error


def _refused(run: Run, *, had_cache: bool) -> bool:
    """Leave a refused run as it was; return whether its cache can be removed."""
    if run.arguments is not None:
        return not had_cache and results.read_run_file(run.folder).ended is not None
    if _has_trials(run):
        return False
    # a mistake in the arguments: another call may use the folder
    (run.folder / results.RUN_FILE).unlink(missing_ok=True)
    (run.folder / ".lock").unlink(missing_ok=True)
    return True


def _has_trials(run: Run) -> bool:
    return (run.folder / "journal").is_dir()

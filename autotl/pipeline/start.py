"""Start a run in a new folder, or resume the run in a folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from autotl import progress, results
from autotl.api import Watch
from autotl.cache import exclusive_lock
from autotl.config.presets import with_preset
from autotl.config.resume_arguments import changed_versions, merge
from autotl.config.run_config import RunConfig
from autotl.config.run_json import check_json, to_json
from autotl.pipeline.stages.adaptations import check_adaptations, missing_note
from autotl.pipeline.validate import validate

if TYPE_CHECKING:
    from autotl.search.algorithm import SearchAlgorithm


def start_run(
    config: RunConfig, out: Path | None, watch: Watch | None, algorithm: SearchAlgorithm | None = None
) -> results.Result:
    """Start a run in a new folder.

    Args:
        config: The options, with checked types.
        out: The folder; None to choose one.
        watch: The object to inform of the progress; None for the default one.
        algorithm: The search algorithm; None for autotl's own.

    Raises:
        AutotlError: An option is wrong, or the run cannot be carried out.
    """
    config = with_preset(config)
    if out is not None:
        results.check_unused(out)
    call = validate(config, watch)
    check_adaptations(call)
    with progress.watched_by(call.watch):
        from autotl.pipeline.execute import execute  # imports torch
        from autotl.pipeline.run import Run

        place = results.create_run_folder(out, config.data.data)
        folder, versions = place.path, call.catalog.versions()
        try:
            if place.auto_named:
                call.watch.say(f"The run is kept in {folder}.")
            with exclusive_lock(folder / ".lock", str(folder)):
                name = results.unique_name(folder)
                file = results.RunFile(to_json(config), version("autotl"), versions, name=name)
                results.write_run_file(folder, file)
                _tell_place(call.watch, folder, 0.0)
                return execute(Run(call, folder, file, temporary=place.temporary, algorithm=algorithm))
        except BaseException:
            place.remove_if_empty()
            raise


def resume_run(
    folder: Path, config: RunConfig, watch: Watch | None, *, explicit: Collection[str] = ()
) -> results.Result:
    """Resume the run in a folder.

    Args:
        folder: The run folder.
        config: The options of this call, with checked types. A default counts as not given.
        watch: The object to inform of the progress; None for the default one.
        explicit: Names of options that count even if they are the default.

    Raises:
        AutotlError: There is no run, an option is wrong, or the run cannot be carried out.
    """
    results.read_run_file(folder)  # before the lock writes into a folder that is no run
    with exclusive_lock(folder / ".lock", str(folder)):
        return _resume(folder, config, watch, explicit)


def _resume(
    folder: Path, config: RunConfig, watch: Watch | None, explicit: Collection[str]
) -> results.Result:
    """Resume the run in a locked folder."""
    file = results.read_run_file(folder)
    file = file if file.name else replace(file, name=results.unique_name(folder))
    known, ignored = check_json(file.arguments, folder)
    file = replace(file, arguments=known)
    config = with_preset(merge(config, file, folder, explicit=explicit))
    call = validate(config, watch, skip_missing=True)
    with progress.watched_by(call.watch):
        from autotl.pipeline.execute import execute  # imports torch
        from autotl.pipeline.run import Run
        from autotl.trials.journal import elapsed_seconds

        elapsed = max(elapsed_seconds(folder), file.elapsed if file.ended == "finished" else 0.0)
        _tell_place(call.watch, folder, elapsed)
        gone = missing_note(call)
        notes = (*ignored, *call.notes, *gone, *changed_versions(file, call.catalog.versions()))
        for note in notes:
            call.watch.say(note)
        call = replace(call, notes=notes, started=call.started - elapsed)
        return execute(Run(call, folder, file, arguments=to_json(config)))


def _tell_place(watch: Watch, folder: Path, elapsed: float) -> None:
    """Inform a watch of the run folder, and of the seconds that earlier starts have used."""
    if tell := getattr(watch, "placed", None):
        tell(folder, elapsed)

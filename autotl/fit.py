"""The calls a user makes, from data to a result: wiring only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import plugins, progress, results
from autotl.cache import alone
from autotl.config.argument_types import check_arguments
from autotl.config.choices import CleanName, DeviceName, MetricName, PresetName
from autotl.config.presets import BALANCED, with_preset
from autotl.config.resume_arguments import arguments, changes, checked, merged
from autotl.pipeline.validate import Opened, opened
from autotl.search.algorithm import SearchAlgorithm
from autotl.trials import journal

if TYPE_CHECKING:
    from autotl.api import Columns, Dataset, Reader, Watch
    from autotl.metrics import OwnMetric


def fit(
    data: Any,
    *,
    preset: PresetName | str = BALANCED,
    out: str | Path | None = None,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    budget: str | float | None = None,
    trials: int | None = None,
    strategies: str | Sequence[str] = (),
    without: Iterable[str] = (),
    metric: MetricName | str | OwnMetric = "accuracy",
    image_size: int | None = None,
    max_latency: str | None = None,
    max_size: str | int | None = None,
    test: float = 0.2,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    device: DeviceName | str = "auto",
    executor: str = "auto",
    workers: int = 1,
    storage: str | None = None,
    processes: int = 1,
    cache: str | int | None = None,
    clean: CleanName | str = "report",
    reweight: bool = False,
    all_backbones: bool | None = None,
    experience: bool = True,
    curves: bool | None = None,
    ensemble: bool = False,
    seed: int = 0,
    resume: bool = False,
    watch: Watch | None = None,
) -> results.Result:
    """Search for the best way to transfer to ``data``; give the best model, and why it is the best.

    ``data`` is a folder of class folders, a zip of one, a table of image paths and labels (CSV, Parquet,
    DataFrame; name its columns with ``image``, ``label`` and ``group``), ``(images, labels)`` arrays, or a
    dataset of torch or Hugging Face. ``backbone`` is one or several names or folders of timm models;
    ``source`` some images that the backbone was pretrained on. If no ``group`` is named, images that show one
    thing are looked for and kept in one fold; "none" switches this off. ``budget`` is wall-clock time ("90s",
    "10m", "2h"); ``trials`` a number of trials; the first to run out ends the search. Everything is kept in
    the new folder ``out``; if none is given, in ``autotl-runs/<data>-<time>`` below the current folder. The
    environment variable ``AUTOTL_RUNS`` names another folder than ``autotl-runs``; "off" keeps a run only as
    long as its result. ``watch`` is told what happens; by default a line per trial is printed.
    ``workers`` trials run at once, each in a process of its own with its share of the threads, on a GPU in
    turn where there are several; ``executor`` names where they run otherwise ("ray", say). ``storage`` is
    the URL of a database that holds the studies instead of a file of the run. Its password is kept nowhere.
    ``processes`` train each network together, one on each GPU (needs ``autotl[processes]``). ``cache`` bounds
    the disk that decoded images and the activations of frozen layers may take while it runs ("2GiB"; by
    default half of what is free, 20 GiB at most); "off" keeps no activations.

    ``metric`` is what the search optimises: "accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auroc",
    or a function of labels (n,) int64 and probabilities (n, classes) float that gives one number, the higher
    the better; also as "package.module:function". By it the winner is chosen, early stopping decided, and
    everything is reported.

    ``max_latency`` ("5ms") is what the model may take for one image on this machine, in a batch of one, and
    ``max_size`` ("10MB", or bytes) what its weights file may take: image sizes and backbones that cannot meet
    them are not searched, and LimitError is raised where nothing is left.

    Of several backbones only those are searched that scores taken before training cannot tell apart from the
    best, unless ``all_backbones``. ``clean`` says what becomes of training images with doubtful labels, of
    near copies, and of those that are in the test part too: "report" names them, "drop" leaves them out,
    "weight" lets them count less; the test part is never altered. ``reweight`` lets training images count the
    more the more they look like the test images, where the two parts differ. What a run shows is kept in a
    table on this machine, and read by later runs to decide what to try first; ``experience=False`` neither
    reads nor writes it. ``curves`` keeps time to train the best transferred trial and the best one from
    scratch on fewer images too, and says at how many images scratch would catch up. With ``ensemble`` several
    trials' networks answer together where that scores clearly better in validation; limits hold for the sum.

    ``preset`` sets what is left at None; what is given always wins over it:

    ========  ===========================================  =============  ======
    preset    budget, unless it or ``trials`` is given     all_backbones  curves
    ========  ===========================================  =============  ======
    quick     1 minute                                     False          False
    balanced  5 minutes                                    False          False
    best      30 minutes                                   True           True
    ========  ===========================================  =============  ======

    With ``resume`` a run in ``out`` that was interrupted, killed or ran out of disk goes on: with the same
    data and what it was begun with, so that nothing else need be given (``data`` may be None where it was a
    path). A larger ``budget`` or number of ``trials`` makes a finished run go on too. Where there is no run
    in ``out``, one is begun. An argument that is its default counts as not given: :func:`resume` tells.

    Raises the errors of :mod:`autotl.errors` for what cannot be done. On Ctrl-C the best model so far is
    evaluated and saved before KeyboardInterrupt goes on.

    >>> result = autotl.fit("photos/", budget="2m")
    >>> print(result.verdict["sentence"])
    """
    asked = dict(locals())  # the arguments by name, before there is anything else
    check_arguments(asked)
    if resume and out is not None and (data is None or results.is_run(Path(out))):
        results.read_run_file(Path(out))  # before a folder that is none of ours is locked
        with alone(Path(out) / ".lock", str(out)):
            return _go_on(Path(out), asked)
    return _begin(asked)


def resume(
    run: str | Path,
    *,
    data: Any = None,
    source: Any = None,
    metric: str | OwnMetric | None = None,
    budget: str | float | None = None,
    trials: int | None = None,
    device: str | None = None,
    executor: str | None = None,
    workers: int | None = None,
    storage: str | None = None,
    processes: int | None = None,
    cache: str | int | None = None,
    ensemble: bool | None = None,
    watch: Watch | None = None,
) -> results.Result:
    """Resume a run that was interrupted, or a finished one with a larger budget.

    ``run`` is its folder. The arguments are those of :func:`fit`; what is None stays as the run was begun.
    ``data`` and ``source`` are needed only if they were in memory, ``metric`` if it is a function, and
    ``storage`` if the run has a database: a folder from somebody else decides neither what code runs nor what
    is opened. Raises RunError where there is no run, or nothing is left to do.
    """
    asked = {name: value for name, value in locals().items() if name != "run" and value is not None}
    check_arguments(asked | {"run": run})
    folder = Path(run)
    results.read_run_file(folder)  # before a folder that is none of ours is locked
    with alone(folder / ".lock", str(folder)):
        return _go_on(folder, _defaults() | asked, given=frozenset(asked))


def fit_by(way: SearchAlgorithm, **arguments: Any) -> results.Result:
    """:func:`fit` with another way of searching, to measure it against autotl's. Nothing is resumed."""
    return _begin(_defaults() | arguments, way)


def _defaults() -> dict[str, Any]:
    defaults = {name: each.default for name, each in signature(fit).parameters.items()}
    return defaults | {"data": None}


def _begin(asked: dict[str, Any], way: SearchAlgorithm | None = None) -> results.Result:
    asked = with_preset(asked)
    out = asked["out"]
    if out is not None:
        results.check_unused(Path(out))
    begin = opened(asked)
    with progress.watched_by(begin.watch):
        return _carried_out(begin, asked, way)


def _carried_out(begin: Opened, asked: dict[str, Any], way: SearchAlgorithm | None) -> results.Result:
    """Carry out a new run in a new folder."""
    from autotl.pipeline.execute import carry_out

    place = results.new_folder(asked["out"], asked["data"])
    folder = place.path
    try:
        if place.chosen:
            begin.watch.say(f"The run is kept in {folder}.")
        with alone(folder / ".lock", str(folder)):
            file = results.RunFile(
                arguments(asked),
                version("autotl"),
                begin.catalog.versions(),
                name=results.lasting_name(folder),
            )
            results.write_run_file(folder, file)
            return carry_out(begin, folder, file, temporary=place.temporary, way=way)
    except BaseException:
        place.leave()
        raise


def _go_on(folder: Path, asked: dict[str, Any], *, given: frozenset[str] = frozenset()) -> results.Result:
    """Resume the run in ``folder``, with what was ``given`` even where that is the default."""
    file = results.read_run_file(folder)
    file = file if file.name else replace(file, name=results.lasting_name(folder))
    file, ignored = checked(file, folder)
    together = with_preset(merged(asked, file, _defaults(), folder, given=given))
    begin = opened(together, of_those_left=True)
    with progress.watched_by(begin.watch):
        return _gone_on(replace(begin, notes=(*ignored, *begin.notes)), folder, file, together)


def _gone_on(begin: Opened, folder: Path, file: results.RunFile, together: dict[str, Any]) -> results.Result:
    """Carry out the rest of the run in ``folder``, by the arguments of both calls ``together``."""
    from autotl.pipeline.execute import carry_out

    notes = [*begin.notes, *changes(file, begin.catalog.versions())]
    for note in notes:
        begin.watch.say(note)
    spent = max(journal.elapsed_seconds(folder), file.elapsed if file.ended == "finished" else 0.0)
    begin = replace(begin, notes=tuple(notes))
    return carry_out(begin, folder, file, spent=spent, asked=arguments(together))


def load(folder: str | Path, *, device: str = "auto") -> results.Result:
    """Open a finished run folder. Raises RunError where it is none."""
    check_arguments({"run": folder, "device": device})
    path = Path(folder)
    found = results.read_report(path)
    from autotl.training import pick_device

    return results.Result(path, found, device=pick_device(device), read=_read, readers=_readers)


def _read(data: Any, columns: Columns) -> Dataset:
    from autotl.data import read

    return read(data, readers=_readers(), columns=columns)


@cache
def _readers() -> Mapping[str, Reader]:
    return plugins.load().readers.items

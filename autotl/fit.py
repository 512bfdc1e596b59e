"""The calls a user makes, from data to a result: wiring only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autotl import plugins, results, search, terminal
from autotl.api import Columns, Watch
from autotl.cache import size
from autotl.clock import Budget, WallClock, seconds
from autotl.data import read, torch_within_cores
from autotl.errors import RunError, UnknownName
from autotl.run import Run, analysis, conclude, explore, prepare
from autotl.train import check_processes, freed_memory_kept, pick_device
from autotl.train import metric as metric_of

DEFAULT_BUDGET = "5m"


def fit(
    data: Any,
    *,
    out: str | Path | None = None,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    budget: str | float | None = None,
    trials: int | None = None,
    strategies: str | Sequence[str] = (),
    without: Iterable[str] = (),
    metric: str = "accuracy",
    image_size: int | None = None,
    test: float = 0.2,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    device: str = "auto",
    executor: str = "serial",
    processes: int = 1,
    cache: str | int | None = None,
    clean: str = "report",
    reweight: bool = False,
    all_backbones: bool = False,
    experience: bool = True,
    curves: bool = False,
    seed: int = 0,
    watch: Watch | None = None,
) -> results.Result:
    """Search for the best way to transfer to ``data``; give the best model, and why it is the best.

    ``data`` is a folder of class folders, a zip of one, a table of image paths and labels (CSV, Parquet,
    DataFrame; name its columns with ``image``, ``label`` and ``group``), ``(images, labels)`` arrays, or a
    dataset of torch or Hugging Face. ``backbone`` is one or several timm names, folders or ``"tiny"``;
    ``source`` some images that the backbone was pretrained on. ``budget`` is wall-clock time ("90s", "10m",
    "2h"; five minutes where neither it nor ``trials`` is given); ``trials`` a number of trials; the first to
    run out ends the search. Everything is kept in the new folder ``out``, or in a temporary one that lives as
    long as the result. ``watch`` is told what happens; by default a line per trial is printed.
    ``executor`` names where trials run; ``processes`` train each network together, one on each GPU (needs
    ``autotl[processes]``). ``cache`` bounds the disk that decoded images and the activations of
    frozen layers may take while it runs ("2GiB"; by default half of what is free, 20 GiB at most); "off"
    keeps no activations.

    Of several backbones only those are searched that scores taken before training cannot tell apart from the
    best, unless ``all_backbones``. ``clean`` says what becomes of training images with doubtful labels, of
    near copies, and of those that are in the test part too: "report" names them, "drop" leaves them out,
    "weight" lets them count less; the test part is never altered. ``reweight`` lets training images count the
    more the more they look like the test images, where the two parts differ. What a run shows is kept in a
    table on this machine, and read by later runs to decide what to try first; ``experience=False`` neither
    reads nor writes it. ``curves`` keeps time to train the best transferred trial and the best one from
    scratch on fewer images too, and says at how many images scratch would catch up.

    Raises the errors of :mod:`autotl.errors` for what cannot be done. On Ctrl-C the best model so far is
    evaluated and saved before KeyboardInterrupt goes on.

    >>> result = autotl.fit("photos/", budget="2m")
    >>> print(result.verdict["sentence"])
    """
    clock = WallClock()
    setup = _setup(
        data,
        backbone,
        source,
        budget,
        trials,
        metric,
        image_size,
        test,
        Columns(image, label, group),
        device,
        seed,
        cache,
        processes,
        clean=clean,
        reweight=reweight,
        all_backbones=all_backbones,
        experience=experience,
        curves=curves,
    )
    catalog = plugins.load(without=without)
    chosen = catalog.strategies.pick([strategies] if isinstance(strategies, str) else strategies)
    place = catalog.executors[executor]
    folder = _folder(out)
    shown = terminal.Terminal(clock=clock) if watch is None else watch
    run = Run(setup, folder, out is None, catalog, chosen, place, shown, clock, clock.now())
    kept = folder / ".cache"
    try:
        with torch_within_cores(), freed_memory_kept(setup.device == "cpu"):
            ready = prepare(run, kept)
            return conclude(run, ready, explore(run, ready, kept))
    except BaseException:
        if run.temporary:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(kept, ignore_errors=True)
        if close := getattr(shown, "close", None):
            close()


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
    clock = WallClock()
    setup = _setup(
        data,
        backbone,
        source,
        DEFAULT_BUDGET,
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
    with (
        torch_within_cores(),
        freed_memory_kept(setup.device == "cpu"),
        tempfile.TemporaryDirectory(prefix="autotl-") as folder,
    ):
        silent = terminal.Silence() if watch is None else watch
        place = catalog.executors["serial"]
        run = Run(setup, Path(folder), True, catalog, {}, place, silent, clock, clock.now())
        return analysis(run, Path(folder) / ".cache")


def load(folder: str | Path, *, device: str = "auto") -> results.Result:
    """Open a finished run folder. Raises RunError where it is none."""
    path = Path(folder)
    found = results.read_report(path)
    readers = plugins.load().readers.items
    return results.Result(
        path,
        found,
        device=pick_device(device),
        read=lambda data, columns: read(data, readers=readers, columns=columns),
    )


def _setup(
    data: Any,
    backbone: str | Path | Sequence[str | Path],
    source: Any,
    budget: str | float | None,
    trials: int | None,
    measure: str,
    image_size: int | None,
    test: float,
    columns: Columns,
    device: str,
    seed: int,
    cache: str | int | None = None,
    processes: int = 1,
    *,
    clean: str = "report",
    reweight: bool = False,
    all_backbones: bool = False,
    thorough: bool = False,
    experience: bool = True,
    curves: bool = False,
) -> search.Setup:
    if clean not in search.CLEANING:
        raise UnknownName("way of cleaning", clean, search.CLEANING)
    metric_of(measure)  # raises early for one nobody knows
    if budget is None and trials is None:
        budget = DEFAULT_BUDGET
    device = pick_device(device)
    check_processes(processes, device)
    names = [backbone] if isinstance(backbone, str | Path) else list(backbone)
    return search.Setup(
        data=data,
        budget=Budget(None if budget is None else seconds(budget), trials),
        backbones=tuple(map(str, names)) or ("auto",),
        source=source,
        columns=columns,
        metric=measure,
        image_size=image_size,
        test=test,
        device=device,
        processes=processes,
        cache=None if cache in (None, "off") else size(cache),
        reuse=cache != "off",
        clean=clean,
        reweight=reweight,
        all_backbones=all_backbones,
        thorough=thorough,
        experience=experience,
        curves=curves,
        seed=seed,
    )


def _folder(out: str | Path | None) -> Path:
    """The run folder, made."""
    if out is None:
        return Path(tempfile.mkdtemp(prefix="autotl-"))
    path = Path(out)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is not empty. Give --out a new folder, or remove this one.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"The run folder {path} cannot be made: {error.strerror}.") from error
    return path

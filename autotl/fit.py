"""Offer the calls that search, resume and open a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import plugins, results, terminal, watching
from autotl.clock import WallClock
from autotl.config.argument_types import check_arguments
from autotl.config.choices import CleanName, DeviceName, MetricName, PresetName, TargetName
from autotl.config.presets import BALANCED
from autotl.config.run_config import RunConfig, all_options
from autotl.explanation import explain_run
from autotl.export import export_run, push_run
from autotl.heads import HeadKinds
from autotl.pipeline.start import resume_run, start_run

if TYPE_CHECKING:
    from autotl.api import Columns, Dataset, Reader, Watch
    from autotl.metrics import MetricFunction
    from autotl.search.algorithm import SearchAlgorithm


def fit(
    data: Any,
    *,
    preset: PresetName | str = BALANCED,
    out: str | Path | None = None,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    unlabelled: Any = None,
    deploy: Any = None,
    budget: str | float | None = None,
    trials: int | None = None,
    strategies: str | Sequence[str] = (),
    without: Iterable[str] = (),
    fixed: str | Iterable[str] = (),
    metric: MetricName | str | MetricFunction | None = None,
    image_size: int | None = None,
    max_latency: str | None = None,
    max_size: str | int | None = None,
    test: float = 0.2,
    image: str | None = None,
    text: str | None = None,
    label: str | Sequence[str] | None = None,
    target: TargetName | str | None = None,
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
    tta: bool = False,
    seed: int = 0,
    resume: bool = False,
    watch: Watch | bool | None = None,
) -> results.Result:
    """Find the best way to transfer to ``data``; return the model.

    ``preset`` sets the options that are None; given values override it:

    ========  ===========================================  =============  ======
    preset    budget, unless it or ``trials`` is given     all_backbones  curves
    ========  ===========================================  =============  ======
    quick     1 minute                                     False          False
    balanced  5 minutes                                    False          False
    best      30 minutes                                   True           True
    ========  ===========================================  =============  ======

    On Ctrl-C the best model so far is evaluated and saved before KeyboardInterrupt is raised.

    Args:
        data: A folder of class folders, or a zip of one. A table of image paths and labels, or of texts and
            labels: CSV, Parquet, JSON lines or DataFrame. ``(images, labels)`` arrays, ``(texts, labels)``
            lists, or a dataset of torch or Hugging Face. None if a resumed run has its data at a path.
        preset: How much work the run does: "quick", "balanced" or "best".
        out: The new folder of the run. By default it is ``autotl-runs/<data>-<time>`` below the current
            folder. The environment variable ``AUTOTL_RUNS`` names another folder than ``autotl-runs``; "off"
            keeps a run only as long as its result.
        backbone: Names of timm models, or folders with weights; a single one needs no
            list. By default autotl chooses.
        source: Some images that the backbone was pretrained on, to measure the similarity of ``data``. The
            strategy multi_task also learns from them, by their own classes if they have any.
        unlabelled: Images like ``data`` without labels: a folder, a zip, a table or arrays. The strategy
            self_training learns from them. Copies of images in ``data`` are left out.
        deploy: Images of the place of use, with the same classes: the model is adapted to them, if a guard
            finds that this helps. Labels are optional, and only checked against. A plugin adapts:
            ``autotl-adapt``.
        budget: Wall-clock time: "90s", "10m", "2h", or seconds. The first of ``budget`` and ``trials`` to run
            out ends the search.
        trials: The largest number of trials.
        strategies: The strategies to search; by default all that apply.
        without: Names of plugins to leave out, or of single strategies, readers and so on.
        fixed: Settings to fix, such as ``"finetune.lr=0.001"``.
        metric: The metric that the search optimises and the report uses. Classes have "accuracy" (the
            default), "balanced_accuracy", "macro_f1", "log_loss" and "auroc". Several labels have
            "mean_average_precision" (the default), "macro_f1", "micro_f1", "subset_accuracy" and "log_loss".
            Numbers have "mae" (the default), "rmse", "r2" and "spearman". A function, or
            "package.module:function", receives labels (n,) int64 and probabilities (n, classes) float; it
            returns one number, higher being better.
        image_size: The only image size to use, in pixels (8 to 4096); by default sizes are searched.
        max_latency: The longest time for one image on this machine, in a batch of one: "5ms". Backbones and
            image sizes that exceed it are not searched.
        max_size: The largest weights file of the model: "10MB", or bytes.
        test: The fraction of the images held out for the final test, in (0, 0.9], if the data has no test
            part.
        image: The column of image paths, in a table.
        text: The column of texts, in a table without images.
        label: The column of labels, in a table; or several columns, each with a label (0 or 1) or a number.
        target: The kind of target: "single" (one class), "multi" (any number of labels) or "number" (one
            or more numbers). By default it is inferred from the labels, and said in a note.
        group: The column whose equal values must stay in one part of the split. If it is None, images that
            show the same thing are searched for and kept in one fold; "none" switches this off.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        executor: The executor of trials: "auto", or a name such as "ray".
        workers: Trials that run at once, each in a process with a share of the threads; several GPUs are
            used in turn.
        storage: The URL of a database for Optuna's studies, instead of a file of the run. Its password is
            not stored.
        processes: Processes that train each network together, one on each GPU (needs
            ``autotl[processes]``).
        cache: The disk space for decoded images and activations of frozen layers while the run lasts:
            "2GiB", or bytes. The default is half of the free space, at most 20 GiB. "off" keeps no
            activations.
        clean: The treatment of training images with label issues, near copies, and copies of test images:
            "report" lists them, "drop" leaves them out, "weight" lowers their weight. The test part is never
            changed.
        reweight: Whether training images are weighted by their similarity to the test images, if the two
            parts differ.
        all_backbones: Whether every backbone is searched. If False, backbones with clearly lower scores
            before training are left out.
        experience: Whether the run reads the table of past runs on this machine, and adds itself to it.
        curves: Whether the dataset size is estimated at which from-scratch training matches transfer. This
            trains the best trial of both kinds on fewer images.
        ensemble: Whether several trials' networks are combined if that scores clearly better in validation.
            Limits hold for their sum.
        tta: Whether the model answers with the mean over an image and its mirror image, if that clearly
            scores better in validation. A prediction then takes twice the time.
        seed: The seed of all random choices, from 0 to 4,294,967,295.
        resume: Whether a run in ``out`` is resumed with its own options, if there is one. A larger
            ``budget`` or number of ``trials`` resumes a finished run. A default counts as not given;
            :func:`resume` tells the difference.
        watch: An object that is informed of the progress; by default a line for each trial is printed. True
            also serves a page on this machine that follows the run in a browser.

    Returns:
        The result, with the model and the report.

    Raises:
        AutotlError: An argument is wrong, or the run cannot be carried out; see :mod:`autotl.errors`.

    >>> result = autotl.fit("photos/", budget="2m")
    >>> print(result.verdict["sentence"])
    """
    return _fit(dict(locals()))


def resume(
    run: str | Path,
    *,
    data: Any = None,
    source: Any = None,
    unlabelled: Any = None,
    deploy: Any = None,
    metric: str | MetricFunction | None = None,
    budget: str | float | None = None,
    trials: int | None = None,
    device: str | None = None,
    executor: str | None = None,
    workers: int | None = None,
    storage: str | None = None,
    processes: int | None = None,
    cache: str | int | None = None,
    ensemble: bool | None = None,
    watch: Watch | bool | None = None,
) -> results.Result:
    """Resume an interrupted run, or a finished one with more budget.

    The other arguments are those of :func:`fit`; None keeps the value that the run started with.

    Args:
        run: The run folder.
        data: The images again, if they were in memory.
        source: The source images again, if they were in memory.
        unlabelled: The unlabelled images again, if they were in memory.
        deploy: The images of the place of use again, if they were in memory.
        metric: The metric again, if it is a function: a run folder may be somebody else's, so it does not
            decide which code runs.
        budget: A larger total of wall-clock time.
        trials: A larger total of trials.
        device: Another device.
        executor: Another executor.
        workers: Trials that run at once from now on.
        storage: The database again, with its password, if the run has one.
        processes: Processes that train each network from now on.
        cache: Another bound of the disk space.
        ensemble: Whether several trials' networks may be combined.
        watch: An object that is informed of the progress, or True for a page in the browser as well.

    Raises:
        RunError: There is no run in the folder, or nothing is left to do.
    """
    arguments = dict(locals())
    given = {name: value for name, value in arguments.items() if value is not None}
    check_arguments({"run": run, **given})
    options = {name: value for name, value in given.items() if name in all_options()}
    return resume_run(Path(run), RunConfig.of(**options), _watch_of(watch), explicit=frozenset(options))


def fit_by(algorithm: SearchAlgorithm, *, out: Path, watch: Watch, **options: Any) -> results.Result:
    """Run :func:`fit` with another search algorithm, for benchmarks.

    Such a run cannot be resumed.

    Args:
        algorithm: The search algorithm.
        out: The new folder of the run.
        watch: An object that is informed of the progress.
        **options: The options of :func:`fit`.
    """
    return start_run(RunConfig.of(**options), out, watch, algorithm)


def load(folder: str | Path, *, device: str = "auto") -> results.Result:
    """Open a finished run folder.

    Args:
        folder: The run folder.
        device: The device that predicts.

    Raises:
        RunError: The folder holds no run.
    """
    check_arguments({"run": folder, "device": device})
    path = Path(folder)
    report = results.read_report(path)
    from autotl.training import pick_device

    installed = results.Installed(_readers, _heads, export_run, push_run, explain_run)
    return results.Result(path, report, device=pick_device(device), read=_read, installed=installed)


def _fit(arguments: Mapping[str, Any]) -> results.Result:
    """Check the arguments of :func:`fit`, and start or resume a run."""
    check_arguments(arguments)
    config = RunConfig.of(**{name: arguments[name] for name in all_options()})
    folder = None if arguments["out"] is None else Path(arguments["out"])
    watch, data = _watch_of(arguments["watch"]), arguments["data"]
    if arguments["resume"] and folder is not None and (data is None or results.is_run(folder)):
        return resume_run(folder, config, watch)
    return start_run(config, folder, watch)


def _watch_of(watch: Watch | bool | None) -> Watch | None:
    """Return the object to inform; True adds a page in the browser to the default one."""
    if watch is True:
        return watching.BrowserWatch(terminal.watch(WallClock()))
    return None if isinstance(watch, bool) else watch


def _read(data: Any, columns: Columns) -> Dataset:
    from autotl.data import read

    return read(data, readers=_readers(), columns=columns)


def _readers() -> Mapping[str, Reader]:
    return plugins.installed().readers.items


def _heads() -> HeadKinds:
    heads = plugins.installed().heads
    return HeadKinds(heads.items, heads.packages())

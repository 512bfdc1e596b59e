"""What a fit gives back, and what a run folder is opened as."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import jsonio
from autotl.api import Columns, Dataset, Reader
from autotl.backbone import CONFIG_FILE, ENSEMBLE_FILE
from autotl.errors import DataError, MetricError, RunError
from autotl.lazy import lazy_module
from autotl.train import METRICS, Metric, OwnMetric
from autotl.train import metric as metric_of

if TYPE_CHECKING:
    import pandas as pd

    from autotl.results.ensemble_predictor import EnsemblePredictor
    from autotl.results.evaluate import Evaluation
    from autotl.results.labelling import Asked
    from autotl.results.predictor import Predictor
else:  # a run folder is looked at where they are not yet needed
    pd = lazy_module("pandas")


class Result:
    """The best model found, and the evidence for it.

    ``report`` is the content of ``report.json``; ``folder`` the run folder, which lives as long as the result
    where none was asked for.

    >>> result = autotl.fit("photos/", budget="2m")
    >>> result.verdict["transfer"], result.predict("new/")
    """

    def __init__(
        self,
        folder: Path,
        report: Mapping[str, Any],
        *,
        device: str,
        read: Callable[[Any, Columns], Dataset],
        temporary: bool = False,
        measure: Metric | None = None,
        readers: Callable[[], Mapping[str, Reader]] = dict,
    ) -> None:
        self.folder, self.report = folder, report
        self._readers = readers
        self._measure = measure
        self._device, self._read = device, read
        if temporary:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._predictor: Predictor | EnsemblePredictor | None = None

    def __repr__(self) -> str:
        return f"<autotl.Result {self.verdict['sentence']} [{self.folder}]>"

    @property
    def verdict(self) -> Mapping[str, Any]:
        """Whether transfer pays, the winning strategy and backbone, and a sentence that says so."""
        verdict: Mapping[str, Any] = self.report["verdict"]
        return verdict

    @property
    def predictor(self) -> Predictor | EnsemblePredictor:
        """The network with its view and classes, or several that answer together; opened when first used.

        Raises RunError where the model folder is damaged.
        """
        if self._predictor is None:
            from autotl.results.ensemble_predictor import open_predictor  # with torch

            self._predictor = open_predictor(self.folder / "model", device=self._device)
        return self._predictor

    def predict(
        self,
        images: Any,
        *,
        top: int | None = None,
        probabilities: bool = False,
        strict: bool = False,
        image: str | None = None,
    ) -> pd.DataFrame:
        """Label images: one row each, with ``path``, ``label``, ``probability`` and ``error``.

        An image that cannot be read has a row without label, and ``error`` says why. The table of a frame has
        the frame's index.

        Args:
            images: what ``fit`` takes, with labels or without; PIL images, arrays, bytes of image files and
                open files too, or a sequence or generator of any of these.
            top: the number of likeliest classes, a row each, with their ``rank``.
            probabilities: give each class a column of its probability, ``p:NAME``.
            strict: raise DataError at the first image that cannot be read.
            image: the column of a table that holds the images.

        Raises:
            DataError: if no image can be read, or what is given is no image.
        """
        from autotl.results.labelling import labelled  # with torch

        return labelled(images, self.predictor, self._asked(top, probabilities, strict, image))

    def predict_parts(
        self,
        images: Any,
        *,
        top: int | None = None,
        probabilities: bool = False,
        strict: bool = False,
        image: str | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Give the rows of :meth:`predict` in several tables, each as soon as its images are labelled.

        Only some images are in memory at a time, however many there are. The arguments are those of
        :meth:`predict`.
        """
        from autotl.results.labelling import labelled_parts  # with torch

        return labelled_parts(images, self.predictor, self._asked(top, probabilities, strict, image))

    def _asked(self, top: int | None, probabilities: bool, strict: bool, image: str | None) -> Asked:
        from autotl.results.labelling import Asked  # with torch

        if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 1):
            raise DataError(f"top must be a whole number above 0, not {top!r}.")
        return Asked(top, bool(probabilities), bool(strict), image, self._readers)

    def evaluate(
        self,
        data: Any,
        *,
        metric: str | OwnMetric | None = None,
        image: str | None = None,
        label: str | None = None,
    ) -> Evaluation:
        """Score the model on labelled images in any form that ``fit`` takes; ``metric`` and columns as there.

        Raises MetricError where the run was scored by a function that has to be given again.
        """
        measure = self._own_metric() if metric is None else metric_of(metric)
        dataset = self._read(data, Columns(image, label))
        return self.predictor.evaluate(dataset, measure=measure, seed=self.report["seed"])

    def _own_metric(self) -> Metric:
        name = self.report["test"]["metric"]
        if self._measure is not None:
            return self._measure
        if name not in METRICS:  # what a report names is not imported: reports come from anywhere
            raise MetricError(
                f"This run was scored by a function called {name}. Give it again with metric=, or one of "
                f"{', '.join(METRICS)}."
            )
        return METRICS[name]

    def leaderboard(self) -> pd.DataFrame:
        """One row per arm, the winner first; ``best_val`` is what it was chosen by."""
        table = pd.DataFrame(self.report["arms"])
        return table[[c for c in LEADERBOARD if c in table.columns]]

    def trials(self) -> pd.DataFrame:
        """One row per trial, as in ``trials.csv``."""
        return pd.DataFrame(self.report["trials"])

    def save(self, folder: str | Path) -> Path:
        """Copy the whole run folder. Raises RunError where something is there already."""
        target = Path(folder)
        if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
            raise RunError(f"{target} exists and is not empty. Give a new folder to save to.")
        shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return target


LEADERBOARD = (
    "strategy", "backbone", "best_val", "test", "ci95", "trials", "folds", "seconds", "state", "reason",
)  # fmt: skip


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a run folder. Raises RunError where there is none, or it is of another format."""
    path = folder / "report.json"
    for name in (CONFIG_FILE, ENSEMBLE_FILE):
        if not path.is_file() and (folder / "model" / name).is_file():
            return _unfinished(folder, folder / "model" / name)
    if not path.is_file():
        raise RunError(
            f"{folder} is not a run folder: it holds no report.json. "
            "Give the --out of a finished 'autotl fit'."
        )
    try:
        report: dict[str, Any] = jsonio.read(path)
    except ValueError as error:
        raise RunError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(report, dict) or report.get("format") != jsonio.FORMAT:
        report = report if isinstance(report, dict) else {}
        raise RunError(
            f"{path} has format {report.get('format')!r}, but this autotl reads format {jsonio.FORMAT}. "
            "Use the autotl that wrote it: "
            f"{(report.get('environment') or {}).get('autotl', 'unknown version')}."
        )
    return report


def _unfinished(folder: Path, file: Path) -> dict[str, Any]:
    """What can be said of a run that was killed after it had saved a model: that it can predict."""
    config = jsonio.read(file)
    sentence = "The run did not finish: its best model so far is here, but it was not evaluated."
    return {
        "format": jsonio.FORMAT,
        "name": folder.name,
        "classes": config.get("label_names"),
        "verdict": {"transfer": None, "strategy": None, "backbone": None, "sentence": sentence},
        "test": {"metric": "accuracy"},
        "arms": [],
        "trials": [],
        "seed": 0,
        "notes": [sentence],
    }

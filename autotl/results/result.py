"""What a fit gives back, and what a run folder is opened as."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.api import Columns, Dataset, Reader
from autotl.errors import DataError, MetricError, RunError
from autotl.importing.lazy import lazy_module
from autotl.metrics import METRICS, Metric, MetricFunction
from autotl.metrics import get_metric as metric_of
from autotl.results.card import card, frame
from autotl.results.csv_text import as_text

if TYPE_CHECKING:
    import pandas as pd

    from autotl.evaluation import Evaluation
    from autotl.results.ensemble_predictor import EnsemblePredictor
    from autotl.results.labelling import Asked
    from autotl.results.predictor import Predictor
else:  # a run folder is looked at where they are not yet needed
    pd = lazy_module("pandas")


class Result:
    """The best model found, and the evidence for it.

    ``report`` is the content of ``report.json``; ``folder`` the run folder. It is removed together with
    the result if none was asked for and ``AUTOTL_RUNS`` is "off".

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

    def _repr_html_(self) -> str:
        return card(self.report, self.folder)

    @property
    def verdict(self) -> Mapping[str, Any]:
        """Whether transfer pays, the winning strategy and backbone, and a sentence that says so."""
        verdict: Mapping[str, Any] = self._part("verdict")
        return verdict

    def _part(self, name: str) -> Any:
        """A part of the report. Raises RunError where a person took it out."""
        if self.report.get(name) is None:
            raise RunError(f"{self.folder / 'report.json'} lacks {name!r}: it was edited. Restore the file.")
        return self.report[name]

    @property
    def predictor(self) -> Predictor | EnsemblePredictor:
        """The network with its view and classes, or several that answer together; opened when first used.

        Raises RunError where the model folder is damaged.
        """
        if self._predictor is None:
            from autotl.results.ensemble_predictor import open_predictor

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
            images: paths, folders, zips, tables, frames, data sets, PIL images, arrays, bytes of image files
                and open files; or a sequence or generator of paths, images, arrays, bytes and open files.
            top: the number of likeliest classes, a row each, with their ``rank``.
            probabilities: give each class a column of its probability, ``p:NAME``.
            strict: raise DataError at the first image that cannot be read.
            image: the column of a table that holds the images.

        Raises:
            DataError: if no image can be read, or what is given is no image.
        """
        from autotl.results.labelling import labelled

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
        from autotl.results.labelling import labelled_parts

        return labelled_parts(images, self.predictor, self._asked(top, probabilities, strict, image))

    def _asked(self, top: int | None, probabilities: bool, strict: bool, image: str | None) -> Asked:
        from autotl.results.labelling import Asked

        if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 1):
            raise DataError(f"top must be a whole number above 0, not {top!r}.")
        return Asked(top, bool(probabilities), bool(strict), image, self._readers)

    def evaluate(
        self,
        data: Any,
        *,
        metric: str | MetricFunction | None = None,
        image: str | None = None,
        label: str | None = None,
    ) -> Evaluation:
        """Score the model on labelled images in any form that ``fit`` takes; ``metric`` and columns as there.

        Raises MetricError where the run was scored by a function that has to be given again.
        """
        measure = self._own_metric() if metric is None else metric_of(metric)
        dataset = self._read(data, Columns(image, label))
        return self.predictor.evaluate(dataset, measure=measure, seed=self._part("seed"))

    def _own_metric(self) -> Metric:
        name = self._part("test").get("metric")
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
        table = pd.DataFrame(self._part("arms"))
        return table[[c for c in LEADERBOARD if c in table.columns]]

    def trials(self) -> pd.DataFrame:
        """One row per trial, as in ``trials.csv``."""
        return pd.DataFrame(self._part("trials"))

    def mistakes(self) -> pd.DataFrame:
        """One row per test image that the model labels wrong, the most confident mistake first.

        Columns are ``item``, ``label``, ``answer`` and ``probability``, that of the answer. Raises RunError
        if the run folder has no ``test.csv``.
        """
        path = self.folder / "test.csv"
        if not path.is_file():
            raise RunError(
                f"{self.folder} has no test.csv: the run was not finished. Resume it with autotl resume."
            )
        words = dict.fromkeys(("item", "label", "answer"), str)
        table = pd.read_csv(path, dtype=words, keep_default_na=False)
        table[[*words]] = table[[*words]].map(as_text)
        found = table[[*words]].assign(probability=table.filter(regex="^p:").max(axis=1))
        wrong = found[found["label"] != found["answer"]]
        return wrong.sort_values("probability", ascending=False, kind="stable").reset_index(drop=True)

    def show(self, *, height: int = 900) -> Page:
        """Return the report page, which a notebook displays below the cell. Raises RunError if it is gone.

        ``height`` is that of the frame, in pixels.
        """
        path = self.folder / "report.html"
        if not path.is_file():
            raise RunError(f"There is no {path}. Write it again: autotl report {self.folder} --format html")
        return Page(path, height)

    def save(self, folder: str | Path) -> Path:
        """Copy the whole run folder. Raises RunError where something is there already."""
        target = Path(folder)
        if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
            raise RunError(f"{target} exists and is not empty. Give a new folder to save to.")
        shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return target


@dataclass(frozen=True, slots=True)
class Page:
    """A report page that a notebook displays in a frame."""

    path: Path
    height: int

    def _repr_html_(self) -> str:
        return frame(self.path.read_text(encoding="utf-8"), height=self.height)


LEADERBOARD = (
    "strategy", "backbone", "best_val", "test", "ci95", "trials", "folds", "seconds", "state", "reason",
)  # fmt: skip

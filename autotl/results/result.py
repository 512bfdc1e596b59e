"""The result of ``fit``, or of a loaded run folder."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.api import Columns, Dataset
from autotl.errors import RunError
from autotl.metrics import Metric, MetricFunction, get_metric
from autotl.results.calls.copied import copy_run
from autotl.results.calls.installed import NOTHING, Installed
from autotl.results.calls.labelled import metric_of_run, read_labelled
from autotl.results.card import NO_VERDICT, Page, card, report_page

if TYPE_CHECKING:
    import pandas as pd

    from autotl.evaluation import Evaluation
    from autotl.report.document.report import Report
    from autotl.results.by_target.prediction_rows import PredictionOptions
    from autotl.results.ensemble_predictor import EnsemblePredictor
    from autotl.results.notebook.figures import Figures
    from autotl.results.predictor import Predictor


class Result:
    """The best model found, and the evidence for it.

    ``report`` is the content of ``report.json`` and ``folder`` the run folder. A temporary folder is removed
    together with the result.

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
        metric: Metric | None = None,
        installed: Installed = NOTHING,
    ) -> None:
        """Open a run folder; ``read`` reads labelled data, ``metric`` is None if the report names it."""
        self.folder, self.report, self.installed = folder, report, installed
        self._metric = metric
        self._device, self._read = device, read
        if temporary:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._predictor: Predictor | EnsemblePredictor | None = None

    def __repr__(self) -> str:
        return f"<autotl.Result {self._document().verdict.sentence or NO_VERDICT} [{self.folder}]>"

    def _repr_html_(self) -> str:
        return card(self._document(), self.folder)

    def _document(self) -> Report:
        from autotl.report import parse  # the report's sections are slow to import

        return parse(self.report)

    @property
    def verdict(self) -> Mapping[str, Any]:
        """Whether transfer pays, with the winning strategy, backbone and a sentence."""
        verdict: Mapping[str, Any] = self._part("verdict")
        return verdict

    def _part(self, name: str) -> Any:
        """Return a part of the report. Raises RunError if the part was removed."""
        if self.report.get(name) is None:
            raise RunError(f"{self.folder / 'report.json'} lacks {name!r}: it was edited. Restore the file.")
        return self.report[name]

    @property
    def predictor(self) -> Predictor | EnsemblePredictor:
        """The network or ensemble, loaded when first used.

        Raises RunError if the model folder is damaged.
        """
        if self._predictor is None:
            from autotl.results.ensemble_predictor import load_predictor

            folder, heads = self.folder / "model", self.installed.heads
            self._predictor = load_predictor(folder, device=self._device, heads=heads)
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
        """Predict images: one row each, with ``path``, the prediction and ``error``.

        A class is in ``label``, with its ``probability``. Several labels are in ``labels``, joined by ``;``:
        probabilities above 0.5. Each number has a column; ``_low`` and ``_high`` end its 90 % interval.
        An unreadable image has no prediction, and the reason in ``error``. A data frame keeps its index.

        Args:
            images: Paths, folders, zips, tables, data frames, data sets, PIL images, arrays, bytes of image
                files and open files. A sequence or generator of paths, images, arrays, bytes and open files
                works too.
            top: Number of most probable classes or labels, a row each, with their ``rank``; 1 or more.
            probabilities: Whether each class or label has a column with its probability, ``p:NAME``.
            strict: Whether to raise DataError at the first unreadable image.
            image: The column of a table that holds the images.

        Raises:
            DataError: No image can be read, or there is no image; numbers have no probabilities.
        """
        from autotl.results.predictions import prediction_table

        return prediction_table(images, self.predictor, self._options(top, probabilities, strict, image))

    def predict_parts(
        self,
        images: Any,
        *,
        top: int | None = None,
        probabilities: bool = False,
        strict: bool = False,
        image: str | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of :meth:`predict` in several tables.

        Only some images are in memory at a time.

        Args:
            images: Images in any form that :meth:`predict` takes.
            top: Number of most probable classes or labels, a row each; 1 or more.
            probabilities: Whether each class or label has a column with its probability.
            strict: Whether to raise DataError at the first unreadable image.
            image: The column of a table that holds the images.
        """
        from autotl.results.predictions import prediction_tables

        return prediction_tables(images, self.predictor, self._options(top, probabilities, strict, image))

    def _options(self, *given: Any) -> PredictionOptions:
        from autotl.results.by_target.prediction_rows import checked_options

        return checked_options(*given, readers=self.installed.readers)

    def evaluate(
        self,
        data: Any,
        *,
        metric: str | MetricFunction | None = None,
        image: str | None = None,
        label: str | Sequence[str] | None = None,
    ) -> Evaluation:
        """Score the model on labelled images.

        Args:
            data: Labelled images, in any form that ``fit`` takes.
            metric: A metric, as for ``fit``; None for the metric of the run.
            image: The column of a table that holds the images.
            label: The column of a table that holds the labels; several for several numbers.

        Raises:
            MetricError: The run used a function that must be given again.
        """
        seed, target = self._part("seed"), self.predictor.target.spec
        chosen = self.metric() if metric is None else get_metric(metric, target)
        dataset = read_labelled(self._read, data, target, image=image, label=label)
        return self.predictor.evaluate(dataset, metric=chosen, seed=seed)

    def metric(self) -> Metric:
        """Return the metric of the run. Raises MetricError for unknown functions."""
        if self._metric is not None:
            return self._metric
        return metric_of_run(self._part("test").get("metric"), self.predictor.target.spec)

    def leaderboard(self) -> pd.DataFrame:
        """Return one row per arm, the winner first.

        ``best_val`` is the validation score. ``low`` and ``high`` are the ends of the interval of ``test``.
        """
        from autotl.results.notebook.run_tables import leaderboard_table

        return leaderboard_table(self._part("arms"))

    def trials(self) -> pd.DataFrame:
        """Return one row per trial, with a column ``params.NAME`` for each setting."""
        from autotl.results.notebook.run_tables import trial_table

        return trial_table(self._part("trials"))

    @property
    def figures(self) -> Figures:
        """The figures of the report as SVG, by name."""
        from autotl.results.notebook.figures import Figures

        return Figures(self._document())

    def mistakes(self, n: int | None = None) -> pd.DataFrame:
        """Return the wrong predictions for test images, the most confident first.

        Columns are ``path``, ``given``, ``predicted`` and ``probability``. Several labels have ``missed`` and
        ``wrong`` too, and the probability of their most confident mistake. Numbers have a row for each number
        of each image, sorted by the size of the standardised error: ``path``, ``number``, ``given``,
        ``predicted`` and ``error``.

        Args:
            n: Most rows, 1 or more; None for all.

        Raises:
            ArgumentError: ``n`` is below 1.
            RunError: The run was not finished, so it has no ``test.csv``.
        """
        from autotl.results.by_target.mistakes import mistakes, read_answers

        return mistakes(read_answers(self.folder), self._document().target.kind, most=n)

    def confusion(self) -> pd.DataFrame:
        """Return the test images by class (rows) and prediction (columns), (classes, classes).

        Several labels have a row each: ``true_positive``, ``false_negative``, ``false_positive`` and
        ``true_negative`` (labels, 4). Raises DataError for numbers, and RunError if the run was not finished.
        """
        from autotl.results.by_target.score_tables import confusion_table

        return confusion_table(self._document(), self.folder)

    def per_class(self) -> pd.DataFrame:
        """Return the test scores of each class, label or number.

        Each has a row. Columns are named as in ``test`` of ``report.json``; ``_low`` and ``_high`` are the
        ends of 95 % intervals.
        """
        from autotl.results.by_target.score_tables import score_table

        return score_table(self._part("test"), self._document().target.kind)

    def show(self, *, height: int = 900) -> Page:
        """Return the report page, which a notebook displays below the cell.

        ``height`` is in pixels. Raises RunError if the page does not exist.
        """
        return report_page(self.folder, height)

    def export(
        self, format: str = "onnx", *, out: str | Path | None = None, int8: bool = False, images: Any = None
    ) -> Path:
        """Write the model for another runtime, verify it, and return the folder.

        Args:
            format: ``"onnx"``, ``"coreml"``, ``"openvino"``, ``"pt2"`` or ``"timm"``.
            out: The new folder; None for a folder inside ``export`` of the run folder.
            int8: Whether weights and activations become 8-bit integers, for ONNX.
            images: Images to compare on, as for :meth:`predict`; None for the test images of the run.

        Raises:
            ExportError: A package is missing, the model cannot be exported, or the file predicts otherwise.
        """
        return self.installed.export(self, format, out=out, int8=int8, images=images)

    def explain(self, n: int = 8, *, images: Any = None, image: str | None = None) -> Any:
        """Explain predictions by the parts of images that raise them.

        Convolutional networks are explained by Grad-CAM, others by the gradient times the activation. A
        notebook shows the pictures, and ``write(folder)`` writes them.

        Args:
            n: How many images are explained, 1 or more: the first ones.
            images: Images in any form that :meth:`predict` takes; None for test images, drawn at random.
            image: The column of a table that holds the images.

        Raises:
            ExplanationError: captum is missing, or the network has no layer with positions.
        """
        return self.installed.explain(self, n, images=images, image=image)

    def push_to_hub(self, repo: str, *, private: bool = True, token: str | None = None) -> str:
        """Upload the timm model to the Hugging Face Hub; return the address.

        Args:
            repo: The repository, such as ``"user/name"``. A ``README.md`` in it stays, with its old scores.
            private: Whether a new repository is private.
            token: The access token; None for the token of the login.
        """
        return self.installed.push(self, repo, private=private, token=token)

    def save(self, folder: str | Path) -> Path:
        """Copy the run folder. Raises RunError if the target is not empty."""
        return copy_run(self.folder, Path(folder))

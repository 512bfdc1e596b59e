"""Hold the parameters of an estimator, and carry out its run."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping, Sequence
from inspect import signature
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from autotl.errors import ArgumentError, DataError
from autotl.estimators.images import listed_images
from autotl.estimators.predictions import predictions
from autotl.estimators.run_folders import new_run_folder
from autotl.fit import fit, load
from autotl.terminal import Silence

if TYPE_CHECKING:
    from autotl.metrics import MetricFunction
    from autotl.results import Result

OWN = ("budget", "trials", "preset", "strategies", "backbone", "metric", "device")
"""Parameters that go to :func:`autotl.fit` under their own names."""
REFUSED = ("data", "out", "resume", "seed", "target", "test")
"""Arguments of :func:`autotl.fit` that ``fit_args`` must not hold."""
SMALLEST_TEST = 1e-9
"""A share so small that one image of each class is held out: a run needs a test part."""
MAX_SEED = 2**32


class TransferEstimator(BaseEstimator):
    """Base of the estimators.

    Attributes:
        result_: The result of the run: report, predictions, exports.
        best_score_: The validation score of the delivered trial, in the metric of the run.
    """

    result_: Result
    best_score_: float

    def __init__(
        self,
        *,
        budget: str | float | None = None,
        trials: int | None = None,
        preset: str = "balanced",
        strategies: str | Sequence[str] = (),
        backbone: str | Path | Sequence[str | Path] = "auto",
        metric: str | MetricFunction | None = None,
        test: float | None = None,
        device: str = "auto",
        out: str | Path | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: int = 0,
        fit_args: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the parameters as they are; :meth:`fit` checks them.

        Args:
            budget: Wall-clock time of each fit: "90s", "10m", or seconds. None for that of ``preset``.
            trials: The largest number of trials of each fit.
            preset: How much work a fit does: "quick", "balanced" (5 minutes) or "best".
            strategies: The strategies to search; by default all that apply.
            backbone: Names of timm models, or folders with weights. By default autotl chooses.
            metric: The metric that the search optimises, by name, or a function as for :func:`autotl.fit`.
            test: The fraction of ``X`` that is held out for the test score and the verdict of ``result_``.
                None holds out the least that a run allows, about one image of each class.
            device: "auto", "cpu", "cuda", "cuda:N" or "mps".
            out: A folder that keeps the runs, each in a new folder ``fit-N``. None keeps a run as long as
                ``result_`` exists.
            random_state: The seed, from 0 to 4,294,967,295. A generator, or None for NumPy's, draws one in
                each fit.
            verbose: Whether the progress is printed.
            fit_args: Other arguments of :func:`autotl.fit`, such as ``{"image_size": 96}``.
        """
        self.budget, self.trials, self.preset = budget, trials, preset
        self.strategies, self.backbone, self.metric = strategies, backbone, metric
        self.test, self.device, self.out = test, device, out
        self.random_state, self.verbose, self.fit_args = random_state, verbose, fit_args

    def _run(self, X: Any, targets: Any, kind: str, unsupported: Mapping[str, Any]) -> None:
        """Carry out a run, and set ``result_`` and ``best_score_``.

        Args:
            X: The images.
            targets: The target of each image.
            kind: The kind of target, as :func:`autotl.fit` names it.
            unsupported: Other arguments of ``fit``.
        """
        if unsupported:
            raise ArgumentError(
                f"fit must get X and y only (got {', '.join(map(repr, unsupported))}). Images cannot be "
                "weighted or grouped by hand: leave it out."
            )
        images, options = listed_images(X), self._options(kind)
        if len(images) != len(targets):
            raise DataError(
                f"X and y must have the same length (got {len(images)} and {len(targets)}). "
                "Give one target for each image."
            )
        with new_run_folder(self.out) as folder:
            result = fit((images, targets), out=folder, **options)
        if self.out is None:
            weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
        self._kept = self.out is not None
        self.result_ = result
        self.best_score_ = float(result.leaderboard()["best_val"].iloc[0])

    def _options(self, kind: str) -> dict[str, Any]:
        """Return the arguments of :func:`autotl.fit`. Raises ArgumentError for wrong ``fit_args``."""
        given = dict(self.fit_args or {})
        allowed = signature(fit).parameters.keys() - {*OWN, *REFUSED}
        if wrong := sorted(given.keys() - allowed):
            raise ArgumentError(
                f"fit_args must hold arguments of autotl.fit that are no parameters of {type(self).__name__} "
                f"(got {', '.join(wrong)}). It may hold {', '.join(sorted(allowed))}."
            )
        own = {name: getattr(self, name) for name in OWN}
        test = SMALLEST_TEST if self.test is None else self.test
        watch = None if self.verbose else Silence()
        return {"watch": watch, **given, **own, "target": kind, "test": test, "seed": self._seed()}

    def _seed(self) -> int:
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(MAX_SEED, dtype=np.uint32))

    def _predictions(self, X: Any) -> NDArray[np.float64]:
        """Return predictions (n, k). Raises NotFittedError before :meth:`fit`."""
        check_is_fitted(self, "result_")
        return predictions(self.result_, listed_images(X))

    def __getstate__(self) -> dict[str, Any]:
        """Return the parameters and, after a fit, the path of the run folder.

        Raises ArgumentError if that folder is temporary.
        """
        state = dict(super().__getstate__())
        if "result_" not in state:
            return state
        if not self._kept:
            raise ArgumentError(
                "out must be a folder, so that a fitted estimator can be pickled or copied (got None: its "
                "run is in a temporary folder). Give out=, or keep the run with result_.save(FOLDER)."
            )
        return {**state, "result_": str(self.result_.folder.resolve())}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Open the run folder again. Raises RunError if it is gone."""
        super().__setstate__(dict(state))
        if "result_" in state:
            self.result_ = load(state["result_"], device=self.device)

    def __sklearn_tags__(self) -> Any:
        """Return the tags: images instead of a matrix of features."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.three_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True  # scikit-learn's validation is that of matrices
        return tags

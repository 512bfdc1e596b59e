"""The served model, from a run folder or a model folder."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autotl.backbone import CONFIG_FILE, is_ensemble
from autotl.errors import RunError
from autotl.heads import HeadKinds
from autotl.modalities import modality_of
from autotl.report import parse
from autotl.results import EnsemblePredictor, Predictor, load_predictor

if TYPE_CHECKING:
    from autotl.results import Result


@dataclass(frozen=True, slots=True)
class TestScore:
    """The score on the test images of a run.

    Attributes:
        metric: The metric.
        value: The score, in its unit.
        ci95: Its 95 % interval; None if it could not be computed.
        images: The number of test images.
    """

    __test__ = False  # pytest collects classes of this name

    metric: str
    value: float
    ci95: tuple[float, float] | None = None
    images: int | None = None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model with its name, and its test score if known."""

    predictor: Predictor | EnsemblePredictor
    name: str
    score: TestScore | None = None

    @property
    def members(self) -> tuple[Predictor, ...]:
        """The network, or the networks of an ensemble."""
        each = self.predictor
        return each.members if isinstance(each, EnsemblePredictor) else (each,)


def is_model_folder(folder: Path) -> bool:
    """Return whether a folder holds a model itself, not a run."""
    return (folder / CONFIG_FILE).is_file() or is_ensemble(folder)


def served_result(result: Result) -> ServedModel:
    """Return the model of a result.

    Raises:
        RunError: The run has no model yet, its folder is damaged, or the model takes no images.
    """
    return _checked(ServedModel(result.predictor, result.folder.resolve().name, _score(result)))


def served_model(folder: Path, *, device: str, heads: Callable[[], HeadKinds]) -> ServedModel:
    """Return the model of a model folder without its run.

    Args:
        folder: The model folder.
        device: Runs the networks.
        heads: Returns the kinds of heads that are not linear.

    Raises:
        RunError: The folder is no model folder, is damaged, or needs a plugin that is not installed. Or its
            model takes no images.
    """
    loaded = load_predictor(folder, device=device, heads=heads)
    return _checked(ServedModel(loaded, folder.resolve().name))


def _checked(model: ServedModel) -> ServedModel:
    """Return the model. Raises RunError if it does not take images."""
    modality = modality_of(model.members[0].config)
    if "serve" not in modality.supports:
        raise RunError(
            f"The model of a service must take images (got {modality.noun}). "
            f"'autotl predict' labels {modality.noun}s."
        )
    return model


def _score(result: Result) -> TestScore | None:
    test = parse(result.report).test
    if test.value is None or test.metric is None or not math.isfinite(test.value):
        return None
    low, high = test.ci95 or (None, None)
    ends = None if low is None or high is None else (low, high)
    return TestScore(test.metric, test.value, ends, None if test.n is None else int(test.n))

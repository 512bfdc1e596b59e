"""Write and load a model folder of several networks.

It has a timm folder for each, and their weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from autotl import jsonio
from autotl.api import Backbone, PixelScale, PredictionIntervals, TargetSpec
from autotl.backbone import ENSEMBLE_FILE, MEMBERS
from autotl.errors import RunError
from autotl.heads import HeadKinds
from autotl.results.by_target.target_entries import interval_entries, read_intervals, target_entries
from autotl.results.model_folder import LoadedModel, load_model, replace_folder, write_network

FORMAT = 1


@dataclass(frozen=True, slots=True)
class EnsembleMember:
    """A network of an ensemble that is written.

    Attributes:
        model: The network.
        backbone: Its backbone.
        input_size: Its image size in pixels.
        share: The weight of its predictions; the sum over the ensemble is 1.
        trial: The number of its trial.
    """

    model: nn.Module
    backbone: Backbone
    input_size: int
    share: float
    trial: int


@dataclass(frozen=True, slots=True)
class LoadedEnsemble:
    """Networks in eval mode, the weights of their predictions, and a temperature.

    The temperature divides the outputs of the mean prediction. The intervals are around the mean of numbers.
    """

    members: tuple[LoadedModel, ...]
    shares: tuple[float, ...]
    temperature: float
    intervals: PredictionIntervals | None = None

    @property
    def target(self) -> TargetSpec:
        """The target that all networks share."""
        return self.members[0].target


def write_ensemble(
    folder: Path,
    members: Iterable[EnsembleMember],
    target: TargetSpec,
    *,
    temperature: float,
    scale: PixelScale | None = None,
    kinds: HeadKinds | None = None,
    intervals: PredictionIntervals | None = None,
) -> None:
    """Write ``ensemble.json`` and a timm folder ``members/N`` per network.

    The networks may differ in backbone and image size. The new folder is complete before it replaces another.

    Args:
        folder: The model folder.
        members: The networks.
        target: The kind of target, and the names of the classes.
        temperature: Divides the outputs of the mean predictions; above 0.
        scale: The pixel values of black and white in the training images.
        kinds: The kinds of heads that are not linear.
        intervals: The prediction intervals of the mean numbers; None for other targets.
    """
    with replace_folder(folder) as fresh:
        described = []
        for number, each in enumerate(members):
            path = fresh / MEMBERS / str(number)
            write_network(
                path,
                each.model,
                each.backbone,
                target,
                input_size=each.input_size,
                scale=scale,
                kinds=kinds,
            )
            described.append({"share": each.share, "trial": each.trial, "backbone": each.backbone.name})
        document = {
            "format": FORMAT,
            **target_entries(target.in_units),
            "temperature": temperature,
            **interval_entries(intervals),
            "members": described,
        }
        jsonio.write(fresh / ENSEMBLE_FILE, document)


def load_ensemble(folder: Path, *, heads: Callable[[], HeadKinds] = HeadKinds) -> LoadedEnsemble:
    """Load a folder written by :func:`write_ensemble`.

    Args:
        folder: The model folder.
        heads: Returns the kinds of heads that are not linear; called if a network has such a head.

    Raises:
        RunError: The folder is damaged, or needs a plugin that is not installed.
    """
    path = folder / ENSEMBLE_FILE
    try:
        document = jsonio.read(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is not readable JSON, so the model cannot be loaded: {error}") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise RunError(
            f"{path} has format {found!r}, but this autotl reads format {FORMAT}. "
            "Use the autotl that wrote it."
        )
    shares, temperature = _shares_and_temperature(document, path)
    members = tuple(load_model(folder / MEMBERS / str(number), heads=heads) for number in range(len(shares)))
    classes = _classes(document, path)
    for number, each in enumerate(members):
        if each.target.names != classes or each.target.kind != members[0].target.kind:
            raise RunError(
                f"{folder / MEMBERS / str(number)} does not know the classes that {path} names, in the same "
                "order: the folder was edited. Copy the model folder again as a whole."
            )
    return LoadedEnsemble(members, shares, temperature, _intervals(document, members[0].target, path))


def _intervals(document: dict[str, Any], target: TargetSpec, path: Path) -> PredictionIntervals | None:
    try:
        return read_intervals(document, target)
    except ValueError as error:
        raise RunError(f"{path} was edited: {error}. Copy the model folder again as a whole.") from error


def _classes(document: dict[str, Any], path: Path) -> tuple[str, ...]:
    try:
        return jsonio.as_type(document.get("label_names"), tuple[str, ...])
    except ValueError as error:
        raise RunError(
            f"{path} was edited: label_names: {error}. Copy the model folder again as a whole."
        ) from error


def _shares_and_temperature(document: dict[str, Any], path: Path) -> tuple[tuple[float, ...], float]:
    """Return the checked shares and temperature."""
    try:
        shares = tuple(float(each["share"]) for each in document["members"])
        temperature = float(document["temperature"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{path} was edited: shares and temperature cannot be read ({type(error).__name__}: {error}). "
            "Copy the model folder again as a whole."
        ) from error
    if not shares or min(shares) <= 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise RunError(f"{path} was edited: the shares of its members must be above 0 and add up to 1.")
    if not 0 < temperature < math.inf:
        raise RunError(f"{path} was edited: temperature must be above 0 (got {temperature}).")
    return shares, temperature

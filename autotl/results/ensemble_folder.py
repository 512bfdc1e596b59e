"""Write and open a model folder of several networks: a timm folder each, and how they answer together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from autotl import jsonio
from autotl.api import Backbone, PixelScale
from autotl.backbone import ENSEMBLE_FILE, MEMBERS
from autotl.errors import RunError
from autotl.results.model_folder import Opened, open_model, replacing, write_network

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A network of an ensemble, to be written: the ``share`` of its probabilities in the mean, and the number
    of the trial it is from.
    """

    model: nn.Module
    backbone: Backbone
    side: int
    share: float
    trial: int


@dataclass(frozen=True, slots=True)
class OpenedEnsemble:
    """Networks in eval mode, the share of each in the mean of their probabilities, and the temperature that
    the logarithm of the mean is divided by.
    """

    members: tuple[Opened, ...]
    shares: tuple[float, ...]
    temperature: float

    @property
    def classes(self) -> tuple[str, ...]:
        """Those that all networks know, in the same order."""
        return self.members[0].classes


def write_ensemble(
    folder: Path,
    parts: Iterable[Part],
    classes: Sequence[str],
    *,
    temperature: float,
    scale: PixelScale | None = None,
) -> None:
    """Replace ``folder`` by one with ``ensemble.json`` and, in ``members/0``, ``members/1``, …, a timm folder
    for each network, as :func:`write_model` writes it.

    The networks may differ in backbone and image size. The new folder is complete before the old one goes.
    """
    with replacing(folder) as fresh:
        told = []
        for number, each in enumerate(parts):
            place = fresh / MEMBERS / str(number)
            write_network(place, each.model, each.backbone, classes, side=each.side, scale=scale)
            told.append({"share": each.share, "trial": each.trial, "backbone": each.backbone.name})
        document = {
            "format": FORMAT,
            "label_names": list(classes),
            "temperature": temperature,
            "members": told,
        }
        jsonio.write(fresh / ENSEMBLE_FILE, document)


def open_ensemble(folder: Path) -> OpenedEnsemble:
    """Open a folder written by :func:`write_ensemble`. Raises RunError where it is damaged."""
    path = folder / ENSEMBLE_FILE
    try:
        told = jsonio.read(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is not readable JSON, so the model cannot be opened: {error}") from error
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        raise RunError(
            f"{path} has format {found!r}, but this autotl reads format {FORMAT}. "
            "Use the autotl that wrote it."
        )
    shares, temperature = _numbers(told, path)
    members = tuple(open_model(folder / MEMBERS / str(number)) for number in range(len(shares)))
    classes = _classes(told, path)
    for number, each in enumerate(members):
        if each.classes != classes:
            raise RunError(
                f"{folder / MEMBERS / str(number)} does not know the classes that {path} names, in the same "
                "order: the folder was edited. Copy the model folder again as a whole."
            )
    return OpenedEnsemble(members, shares, temperature)


def _classes(told: dict[str, Any], path: Path) -> tuple[str, ...]:
    try:
        return jsonio.as_type(told.get("label_names"), tuple[str, ...])
    except ValueError as error:
        raise RunError(
            f"{path} was edited: label_names: {error}. Copy the model folder again as a whole."
        ) from error


def _numbers(told: dict[str, Any], path: Path) -> tuple[tuple[float, ...], float]:
    """The shares and the temperature, checked."""
    try:
        shares = tuple(float(each["share"]) for each in told["members"])
        temperature = float(told["temperature"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{path} was edited: shares and temperature cannot be read ({type(error).__name__}: {error}). "
            "Copy the model folder again as a whole."
        ) from error
    if not shares or min(shares) <= 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise RunError(f"{path} was edited: the shares of its members must be above 0 and add up to 1.")
    if not 0 < temperature < math.inf:
        raise RunError(f"{path} was edited: its temperature is {temperature}, and must be above 0.")
    return shares, temperature

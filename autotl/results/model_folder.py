"""Write and load the final model of a run.

The model of images is a stock timm folder.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from autotl import jsonio
from autotl.api import (
    UNNAMED_MODALITY,
    Backbone,
    DeliveredNetwork,
    InputConfig,
    ModalityName,
    PixelScale,
    PredictionIntervals,
    TargetSpec,
)
from autotl.backbone import (
    can_scale,
    check_values,
    ensemble_advice,
    is_ensemble,
    read_config,
    scale_head,
)
from autotl.errors import RunError
from autotl.heads import HeadKinds, attached_head
from autotl.modalities import modality_named, modality_of
from autotl.results.by_target.target_entries import (
    interval_entries,
    read_intervals,
    read_target,
    target_entries,
)
from autotl.results.entries.view_entries import MIRROR, SCALE, TTA, read_scale, read_tta
from autotl.results.head_files import check_installed, read_form, read_head, write_head


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network in eval mode, with its view and its target.

    Attributes:
        model: The network.
        config: Its view of images or texts.
        target: Its target.
        scale: The pixel values of black and white in the training images; older folders lack it.
        intervals: The prediction intervals of numbers; None for other targets.
        tta: Whether predictions are averaged over an image and its mirror image.
    """

    model: nn.Module
    config: InputConfig
    target: TargetSpec
    scale: PixelScale | None = None
    intervals: PredictionIntervals | None = None
    tta: bool = False


def write_model(
    folder: Path,
    model: nn.Module,
    backbone: Backbone,
    target: TargetSpec,
    *,
    input_size: int,
    scale: PixelScale | None = None,
    kinds: HeadKinds | None = None,
    intervals: PredictionIntervals | None = None,
) -> None:
    """Write a folder that ``timm.create_model("local-dir:FOLDER", pretrained=True)`` opens.

    The new folder is complete before it replaces another.

    Args:
        folder: The model folder.
        model: The network.
        backbone: Its backbone.
        target: The kind of target, and the names of the classes.
        input_size: The image size in pixels that the network was trained at.
        scale: The pixel values of black and white in the training images.
        kinds: The kinds of heads that are not linear; a network with such a head needs them.
        intervals: The prediction intervals of numbers; None for other targets, and in an ensemble.
    """
    with replace_folder(folder) as fresh:
        write_network(
            fresh,
            model,
            backbone,
            target,
            input_size=input_size,
            scale=scale,
            kinds=kinds,
            intervals=intervals,
        )


def keep_tta(folder: Path) -> None:
    """Record in a model folder that it averages over mirror images."""
    path = folder / "config.json"
    jsonio.write(path, {**read_config(folder), TTA: MIRROR})


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield a path that replaces ``folder`` at the end of the block."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    yield fresh
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def write_network(
    folder: Path,
    model: nn.Module,
    backbone: Backbone,
    target: TargetSpec,
    *,
    input_size: int,
    scale: PixelScale | None = None,
    kinds: HeadKinds | None = None,
    intervals: PredictionIntervals | None = None,
) -> None:
    """Write one network into a new folder.

    If its head is not linear, timm opens the folder as a feature extractor, and the head has its own files.
    The head of numbers is changed, so that its outputs are in the user's units.

    Args:
        folder: The new folder.
        model: The network.
        backbone: Its backbone.
        target: The kind of target, and the names of the classes.
        input_size: The image size in pixels that the network was trained at.
        scale: The pixel values of black and white in the training images.
        kinds: The kinds of heads that are not linear; a network with such a head needs them.
        intervals: The prediction intervals of numbers; None for other targets, and in an ensemble.
    """
    model, target = _in_units(model, target)
    outputs = target.outputs
    if attached_head(model) is not None:
        model, outputs = write_head(folder, model, kinds or HeadKinds()), 0
    entries = {
        **target_entries(target),
        **interval_entries(intervals),
        **({} if scale is None else {SCALE: scale}),
    }
    network = DeliveredNetwork(model, backbone, outputs, input_size, entries)
    folder.mkdir(parents=True, exist_ok=True)
    modality_of(backbone.config).write_network(folder, network)


def _in_units(model: nn.Module, target: TargetSpec) -> tuple[nn.Module, TargetSpec]:
    """Return a network whose outputs are in the user's units, with its target.

    They are the same ones if nothing is standardised, or if the head cannot be changed.
    """
    if not target.means or not can_scale(model):
        return model, target
    return scale_head(copy.deepcopy(model), target.scales, target.means), target.in_units


def load_model(folder: Path, *, heads: Callable[[], HeadKinds] = HeadKinds) -> LoadedModel:
    """Load a folder written by :func:`write_model`.

    Args:
        folder: The model folder.
        heads: Returns the kinds of heads that are not linear; called if the network has such a head.

    Raises:
        RunError: The folder is none, is damaged, holds an ensemble, or needs a plugin that is not installed.
    """
    if is_ensemble(folder):
        raise RunError(f"A single network is needed here, and {ensemble_advice(folder)}")
    config_file, weights = folder / "config.json", folder / "model.safetensors"
    if not config_file.is_file() or not weights.is_file():
        raise RunError(
            f"{folder} holds no model: config.json and model.safetensors are expected there. "
            f"Give a run folder (the --out of 'autotl fit') or its model/ folder."
        )
    form = read_form(folder)
    kinds = HeadKinds() if form is None else heads()
    if form is not None:
        check_installed(folder, form, kinds)
    try:
        document, model, config = modality_named(_modality_name(folder)).load_network(folder)
        target = read_target(document)
        intervals, scale, tta = read_intervals(document, target), read_scale(document), read_tta(document)
        if form is not None:
            read_head(folder, model, form, kinds, outputs=target.outputs, input_size=config.input_size)
        check_values(model, folder.name)
        classes = getattr(model, "num_classes", None)
        if target.outputs != classes:
            raise ValueError(f"it names {target.outputs} outputs, but the network has {classes}")
    except Exception as error:  # a folder edited by hand can break timm in many ways
        raise RunError(f"The model in {folder} cannot be opened: {type(error).__name__}: {error}") from error
    return LoadedModel(model.eval(), config, target, scale, intervals, tta)


def _modality_name(folder: Path) -> ModalityName:
    """Return the modality that a folder names; timm's folders name none."""
    try:
        document = jsonio.read(folder / "config.json")
    except (OSError, ValueError):
        return UNNAMED_MODALITY  # its loader says what is wrong
    found = document.get("modality") if isinstance(document, dict) else None
    return found if isinstance(found, str) else UNNAMED_MODALITY

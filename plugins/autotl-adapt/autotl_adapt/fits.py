"""Decide whether a strategy fits a task, with the reason, and predict the time that all need."""

from __future__ import annotations

from importlib.util import find_spec

from autotl.api import DEPLOY, Applies, Backbone, Task
from autotl.toolbox import probe_seconds

MIN_IMAGES = 20
"""Deploy images below which their mean and spread say little."""
FOLDS = 5
"""Folds that share a pass over the deploy images."""


def applies(
    task: Task, *, learns: str, packages: tuple[str, ...] = (), modality: str | None = None
) -> Applies:
    """Return whether the deploy images can be used.

    Args:
        task: The target task.
        learns: The knowledge that the strategy takes from the images, for the report.
        packages: Modules that must be installed.
        modality: The only kind of inputs that the strategy takes; None for any.
    """
    if modality not in (None, task.modality):
        return Applies(False, f"it takes {modality} inputs, and this data has {task.modality} inputs")
    facts = task.additional.get(DEPLOY)
    if facts is None:
        return Applies(False, "no images of the place of use were given: --deploy")
    if task.target.kind != "single_label":
        return Applies(False, "it is implemented for tasks with one label for each image")
    if facts.images < MIN_IMAGES:
        return Applies(False, f"{MIN_IMAGES} deploy images are needed, and {facts.images} can be used")
    if any(find_spec(name) is None for name in packages):
        return Applies(False, "the package skada is not installed: pip install skada")
    return Applies(True, f"{facts.images:,} images of the place of use show {learns}")


def deploy_images(task: Task) -> int:
    """Return the number of deploy images."""
    facts = task.additional.get(DEPLOY)
    return facts.images if facts else 0


def feature_seconds(task: Task, backbone: Backbone, *, input_size: int) -> float:
    """Predict the seconds of a linear probe on one fold, and of the deploy images' features.

    Args:
        task: Gives the number of images and classes.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
    """
    seconds = probe_seconds(task, backbone, input_size=input_size)
    if not backbone.has_seen(input_size):
        seconds += backbone.pace.seconds(deploy_images(task), input_size=input_size) / FOLDS
    return seconds

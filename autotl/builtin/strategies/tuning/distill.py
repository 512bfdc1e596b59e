"""Teach a small network what a larger one knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_norm,
    default_reach,
    suggested_reach,
    tuning_seconds,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, starting_model
from autotl.training import Recipe, balance_options, head_seconds, usual_augmentation

if TYPE_CHECKING:
    from autotl.training import Training

DEFAULT_SHARE, DEFAULT_TEMPERATURE = 0.5, 2.0


class Distill:
    """Trains a small network on labels and a larger network's outputs.

    The teacher is a linear probe on the frozen features of a larger backbone of the run. The strategy pays if
    the model must be small, and a larger backbone scores better. The paper is Hinton, Vinyals & Dean,
    Distilling the Knowledge in a Neural Network, 2015 (arXiv 1503.02531).
    """

    name = "distill"
    summary = "train a small network on the labels and on the outputs of a larger one"
    reference = "Hinton et al., Distilling the Knowledge in a Neural Network, 2015"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        teachers = _teachers(task, backbone)
        if not teachers:
            why = f"the run has no backbone larger than {backbone.name}: give two or more with --backbone"
            return Applies(False, why)
        return Applies(True, f"{teachers[0]} is larger than {backbone.name} and can teach it")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        return {
            **reach.settings,
            "teacher": _teachers(task, backbone)[0],
            "share": DEFAULT_SHARE,
            "temperature": DEFAULT_TEMPERATURE,
            "head": "probe",
            "lr": 3e-4,
            "layer_decay": 0.75,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "balance": "none",
            "norm": default_norm(task, backbone, reach),
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {
            **suggested_reach(space, task, backbone).settings,
            "teacher": space.suggest_categorical("teacher", _teachers(task, backbone)),
            "share": space.suggest_float("share", 0.1, 0.9),
            "temperature": space.suggest_float("temperature", 1.0, 8.0, log=True),
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        # the profile has computed the features of the teacher
        seconds = tuning_seconds(params, task, backbone) + head_seconds(task, backbone)
        return Cost(seconds, 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze
        from autotl.training import Teacher, Training

        model, depth = starting_model(params, workbench), params["freeze"]
        train_mode = freeze(model, depth, norm=params["norm"])
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        training = Training(model, workbench, recipe, train_mode=train_mode, frozen=depth)
        outputs = workbench.teacher_outputs(params["teacher"])
        training.teacher = Teacher(
            outputs, params["share"], params["temperature"], workbench.target.spec.kind
        )
        workbench.note(
            f"A linear probe on {params['teacher']} was the teacher: its outputs counted "
            f"{100 * params['share']:.0f} % of the loss, at temperature {params['temperature']:.2g}."
        )
        workbench.note(frozen_sentence(workbench, depth))
        return training


def _teachers(task: Task, backbone: Backbone) -> list[str]:
    """Return the names of larger backbones of the run, the largest first."""
    larger = {name: size for name, size in task.backbones.items() if size > backbone.parameters}
    return sorted(larger, key=lambda name: (-larger[name], name))


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Distill()]

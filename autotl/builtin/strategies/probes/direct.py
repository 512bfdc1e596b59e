"""Use the pretrained model unchanged, if its head knows all classes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Beat, Cost, Machine, Params, Score, Space, Task, Workbench
from autotl.backbone import match_classes

if TYPE_CHECKING:
    from torch import Tensor


class Direct:
    """Keeps the source head's rows of the task's classes; trains nothing."""

    name = "direct"
    summary = "no training: the source head's own classes, if the task has no others"
    reference = "Razavian et al., CNN Features off-the-shelf, CVPR-W 2014"
    baseline = False
    api = VERSION
    deterministic = True
    reads_weights = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        if task.target.kind != "single_label":
            return Applies(False, "the source head's classes exclude each other, and know no numbers")
        if not backbone.classes:
            return Applies(False, f"{backbone.name} does not list the classes it was trained on")
        matches = match_classes(task.target.names, backbone.classes)
        missing = [name for name in task.target.names if not matches[name]]
        if missing:
            known = task.target.outputs - len(missing)
            few = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
            return Applies(
                False,
                f"{backbone.name} knows {known} of the {task.target.outputs} classes by name; not {few}",
            )
        return Applies(True, f"{backbone.name} knows all {task.target.outputs} classes by name")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"image_size": backbone.input_size}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sizes = [size for size in backbone.input_sizes if size <= backbone.input_size]
        return {"image_size": space.suggest_categorical("image_size", sizes)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        input_size = params["image_size"]
        return Cost(
            0.0
            if backbone.has_seen(input_size)
            else backbone.pace.seconds(task.train_rows / 5, input_size=input_size)
        )

    def build(self, params: Params, workbench: Workbench) -> _DirectLearner:
        return _DirectLearner(int(params["image_size"]), workbench)


class _DirectLearner:
    def __init__(self, input_size: int, workbench: Workbench) -> None:
        self._input_size, self._workbench = input_size, workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        from autotl.backbone import set_head

        workbench, size = self._workbench, self._input_size
        weight, bias = self._head()
        if workbench.backbone.has_seen(size):
            yield workbench.score_head(weight, bias, input_size=size)
        else:
            yield workbench.score(set_head(workbench.model(), weight, bias), input_size=size)

    def _head(self) -> tuple[Tensor, Tensor]:
        """Return the weights and biases of the task's classes."""
        import torch  # not needed to list the plugins

        from autotl.backbone import classifier_of

        names = self._workbench.task.target.names
        matches = match_classes(names, self._workbench.backbone.classes)
        # a name of two source classes ("crane") gets their mean
        weight, bias = (
            torch.stack([source[list(matches[name])].mean(0) for name in names])
            for source in classifier_of(self._workbench.source_model())
        )
        return weight, bias


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Direct()]

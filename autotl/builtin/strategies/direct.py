"""Use the pretrained model unchanged, if its head knows all classes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, Machine, Params, Space, Task, Workbench
from autotl.backbone import match_classes

if TYPE_CHECKING:
    from torch import Tensor, nn


class Direct:
    """Keeps the source head's rows of the task's classes; trains nothing."""

    name = "direct"
    summary = "no training: the source head's own classes, if the task has no others"
    reference = "Razavian et al., CNN Features off-the-shelf, CVPR-W 2014"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
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
        input_sizes = [input_size for input_size in backbone.input_sizes if input_size <= backbone.input_size]
        return {"image_size": space.suggest_categorical("image_size", input_sizes)}

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

    @property
    def input_size(self) -> int:
        return self._input_size

    def fit(self) -> Generator[Epoch, None, None]:
        from autotl.backbone import classifier_of
        from autotl.training import predict_outputs

        workbench, model = self._workbench, self.module()
        if workbench.backbone.has_seen(self._input_size):
            weight, bias = (each.cpu() for each in classifier_of(model))
            logits = workbench.features(input_size=self._input_size).val @ weight.T + bias  # (rows, classes)
        else:
            logits = predict_outputs(model, workbench.inputs(input_size=self._input_size).val, workbench)
        yield Epoch(1, workbench.score(logits), 1.0, logits)

    def module(self) -> nn.Module:
        import torch  # not needed to list the plugins

        from autotl.backbone import classifier_of, set_head

        task, backbone = self._workbench.task, self._workbench.backbone
        matches = match_classes(task.target.names, backbone.classes)
        weight, bias = classifier_of(self._workbench.source_model())

        def class_rows(source: Tensor) -> Tensor:
            # a name of two source classes ("crane") gets their mean
            return torch.stack([source[list(matches[name])].mean(0) for name in task.target.names])

        model = self._workbench.model()
        set_head(model, class_rows(weight), class_rows(bias))
        return model.eval()


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Direct()]

"""Use the pretrained model as it is: its own head already knows the classes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, Machine, Params, Space, Task, Workbench
from autotl.backbone import match_classes

if TYPE_CHECKING:
    from torch import Tensor, nn


class Direct:
    """The source head's rows for the target's classes, matched by name; nothing is trained."""

    name = "direct"
    summary = "no training: the source head's own classes, where they are the target's"
    reference = "Razavian et al., CNN Features off-the-shelf, CVPR-W 2014"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        if not backbone.classes:
            return Applies(False, f"{backbone.name} does not say which classes it was trained on")
        matches = match_classes(task.classes, backbone.classes)
        missing = [name for name in task.classes if not matches[name]]
        if missing:
            known = len(task.classes) - len(missing)
            few = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
            return Applies(
                False, f"{backbone.name} knows {known} of the {len(task.classes)} classes by name; not {few}"
            )
        return Applies(True, f"{backbone.name} knows all {len(task.classes)} classes by name")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"image_size": backbone.side}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sides = [side for side in backbone.sides if side <= backbone.side]
        return {"image_size": space.suggest_categorical("image_size", sides)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        side = params["image_size"]
        return Cost(0.0 if backbone.has_seen(side) else backbone.pace.seconds(task.train_rows / 5, side=side))

    def build(self, params: Params, bench: Workbench) -> _AsItIs:
        return _AsItIs(int(params["image_size"]), bench)


class _AsItIs:
    def __init__(self, side: int, bench: Workbench) -> None:
        self._side, self._bench = side, bench

    @property
    def side(self) -> int:
        return self._side

    def fit(self) -> Generator[Epoch, None, None]:
        from autotl.backbone import classifier_of
        from autotl.training import predict_logits

        bench, model = self._bench, self.module()
        if bench.backbone.has_seen(self._side):
            weight, bias = (each.cpu() for each in classifier_of(model))
            logits = bench.features(side=self._side).val @ weight.T + bias  # (rows, classes)
        else:
            logits = predict_logits(model, bench.pixels(side=self._side).val, bench)
        yield Epoch(1, bench.score(logits), 1.0, logits)

    def module(self) -> nn.Module:
        import torch  # a list of plugins does not need it

        from autotl.backbone import classifier_of, set_head

        task, backbone = self._bench.task, self._bench.backbone
        matches = match_classes(task.classes, backbone.classes)
        weight, bias = classifier_of(self._bench.source_model())

        def rows(source: Tensor) -> Tensor:
            # a name that stands for two source classes ("crane") gets their mean
            return torch.stack([source[list(matches[name])].mean(0) for name in task.classes])

        model = self._bench.model()
        set_head(model, rows(weight), rows(bias))
        return model.eval()


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Direct()]

"""Train one network on target and source images at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    SOURCE,
    VERSION,
    AdditionalImages,
    AdditionalRows,
    Applies,
    Backbone,
    Cost,
    Machine,
    Params,
    Space,
    Task,
    Workbench,
)
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_norm,
    default_reach,
    fit_trial_time,
    suggested_reach,
    trained_share,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, starting_model
from autotl.training import (
    PROBE,
    Recipe,
    head_seconds,
    probe_seconds,
    step_seconds,
    training_seconds,
    usual_augmentation,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    from autotl.training.joint import JointTraining

MIN_IMAGES = 32
"""Source images below which a second task teaches nothing."""
GIVEN, PRETRAINED = "given", "pretrained"
"""The labels of source images: their own classes, or the predictions of the pretrained head."""
DEFAULT_RATIO, DEFAULT_WEIGHT = 1.0, 0.3


class MultiTask:
    """Mixes source images into the batches, as a second task.

    The backbone is shared, and the source head is dropped at the end. The source images have their own
    classes, or the pretrained head predicts some, as in Co-Tuning (You et al., NeurIPS 2020). They keep the
    network from forgetting features that few target images do not need. The paper is Caruana, Multitask
    Learning, Machine Learning, 1997.
    """

    name = "multi_task"
    summary = "train on your images and on source images at once, with a head for each"
    reference = "Caruana, Multitask Learning, Machine Learning, 1997"
    baseline = False
    api = VERSION
    additional = (SOURCE,)
    counterpart = "finetune"

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        facts = _facts(task)
        if SOURCE not in task.additional:
            return Applies(False, "no source images were given: --source")
        if facts.images < MIN_IMAGES:
            return Applies(False, f"{MIN_IMAGES} source images are needed, and {facts.images} can be used")
        if not (facts.classes or backbone.classes):
            return Applies(False, f"the source images have no classes, and {backbone.name} predicts none")
        return Applies(True, f"{facts.images:,} source images can be learned from as a second task")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        params: Params = {
            **reach.settings,
            "source_labels": _labellings(_facts(task), backbone)[0],
            "ratio": DEFAULT_RATIO,
            "weight": DEFAULT_WEIGHT,
            "head": "probe",
            "lr": 3e-4,
            "layer_decay": 0.75,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "norm": default_norm(task, backbone, reach),
        }
        return fit_trial_time(params, partial(_seconds, task=task, backbone=backbone), task)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        labellings = _labellings(_facts(task), backbone)
        params: Params = {
            **suggested_reach(space, task, backbone).settings,
            "source_labels": space.suggest_categorical("source_labels", labellings),
            "ratio": space.suggest_float("ratio", 0.25, 4.0, log=True),
            "weight": space.suggest_float("weight", 0.03, 2.0, log=True),
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }
        return fit_trial_time(params, partial(_seconds, task=task, backbone=backbone), task)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(_seconds(params, task, backbone), 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> JointTraining:
        import torch  # not needed to list the plugins

        from autotl.backbone import classifier_of, freeze, set_head
        from autotl.training.joint import JointTraining, SourceTask

        size, depth = params["image_size"], params["freeze"]
        source = workbench.additional(SOURCE)
        targets, source_head = _source_head(source, params["source_labels"], size, workbench)
        model = starting_model(params, workbench)
        own_head = classifier_of(model)
        joined = [torch.cat([one.cpu(), other]) for one, other in zip(own_head, source_head, strict=True)]
        set_head(model, joined[0], joined[1])
        train_mode = freeze(model, depth, norm=params["norm"])
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        images = source.inputs(input_size=size, augmented=params["augment"] != "none")
        workbench.note(
            f"{len(source):,} source images of {len(source_head[1]):,} classes were a second task: "
            f"{params['ratio']:.2g} in an epoch for each of your images, with weight {params['weight']:.2g}."
        )
        workbench.note(frozen_sentence(workbench, depth))
        return JointTraining(
            model,
            workbench,
            recipe,
            SourceTask(images, targets, params["ratio"], params["weight"]),
            train_mode=train_mode,
            merged=partial(_without_source_head, outputs=workbench.task.target.outputs),
        )


def _facts(task: Task) -> AdditionalImages:
    return task.additional.get(SOURCE, AdditionalImages(0))


def _labellings(facts: AdditionalImages, backbone: Backbone) -> list[str]:
    """Return the labels that source images can have, the best first."""
    return [GIVEN] * bool(facts.classes) + [PRETRAINED] * bool(backbone.classes or not facts.classes)


def _seconds(params: Params, task: Task, backbone: Backbone) -> float:
    """Predict the seconds of a training on one fold; nothing is cached behind frozen stages."""
    size, both = params["image_size"], 1 + params["ratio"]
    once = training_seconds(
        task,
        backbone,
        input_size=size,
        trained=trained_share(backbone, params["freeze"]),
        epochs=params["epochs"],
    )
    steps = step_seconds(task, epochs=params["epochs"], batch_size=BATCH_SIZE)
    seconds: float = both * (once + steps)
    if params["head"] == "probe":
        seconds += probe_seconds(task, backbone, input_size=size)
    facts = _facts(task)
    if not backbone.has_seen(size):  # a pass for the source head, which five folds share
        seconds += backbone.pace.seconds(facts.images, input_size=size) / 5
    if params["source_labels"] == GIVEN:
        times = facts.images * len(facts.classes) / (task.train_rows * task.target.outputs)
        seconds += times * head_seconds(task, backbone)
    return seconds


def _source_head(
    source: AdditionalRows, labels: str, size: int, workbench: Workbench
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Return the classes of the source images, and a linear head for them."""
    import torch

    from autotl.backbone import classifier_of
    from autotl.training import fit_heads

    features, targets = source.features(input_size=size), source.targets()
    if labels == PRETRAINED or targets is None:
        weight, bias = (each.cpu() for each in classifier_of(workbench.source_model()))
        predicted = (features @ weight.T + bias).argmax(1)
        present, targets = torch.unique(predicted, return_inverse=True)
        return targets, (weight[present], bias[present])
    classes, own = int(targets.max()) + 1, targets

    def fitted() -> Tensor:
        found = fit_heads(
            features,
            own,
            classes=classes,
            settings=[PROBE],
            folds=[torch.arange(len(own))],
            check_cancelled=source.check_cancelled,
        )
        return torch.cat([found.weight[0, 0], found.bias[0, 0][:, None]], 1)

    head = workbench.keep(f"source head at {size}", fitted)
    return targets, (head[:, :-1], head[:, -1])


def _without_source_head(model: nn.Module, *, outputs: int) -> dict[str, Tensor]:
    """Return the stock model's tensors: the classifier keeps its first outputs."""
    from autotl.backbone import heads

    own, state = heads(model), dict(model.state_dict())
    for name, module in model.named_modules():
        if any(module is head for head in own):
            kept = (f"{name}.weight", f"{name}.bias")
            state |= {key: state[key][:outputs] for key in kept if key in state}
    return state


@hookimpl
def autotl_strategies() -> list[Any]:
    return [MultiTask()]

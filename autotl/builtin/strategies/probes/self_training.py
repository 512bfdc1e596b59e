"""Learn a linear classifier from labels and from its own confident predictions."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    UNLABELLED,
    VERSION,
    Applies,
    Backbone,
    Beat,
    Cost,
    HeadSetting,
    Machine,
    Params,
    Score,
    Space,
    Task,
    Workbench,
)
from autotl.training import PROBE_SETTINGS, head_seconds, probe_seconds

if TYPE_CHECKING:
    from torch import Tensor

    from autotl.builtin.strategies.probes.pseudo_labels import PseudoLabels, Rows

MIN_IMAGES = 10
"""Unlabelled images below which nothing is learned from them."""
FIT_SECONDS = 0.01
"""Seconds of a fit besides its arithmetic, on common hardware."""
SHARE, THRESHOLD = "share", "threshold"
"""How pseudo-labels are chosen: the most confident ones of each class, or all above a probability."""
DEFAULT_SETTING = PROBE_SETTINGS[-1]


class SelfTraining:
    """Pseudo-labels unlabelled images on frozen features, in rounds.

    The first classifier learns from the labels alone. In each round its most confident predictions become
    labels, and a new classifier learns from both. The share of images grows from round to round. The papers
    are Lee, Pseudo-Label, ICML-W 2013, and Xie et al., Self-training with Noisy Student, CVPR 2020.
    """

    name = "self_training"
    summary = "a linear classifier on frozen features, which also learns from its confident predictions"
    reference = "Lee, Pseudo-Label, ICML Workshop 2013; Xie et al., Noisy Student, CVPR 2020"
    baseline = False
    api = VERSION
    deterministic = True
    additional = (UNLABELLED,)
    counterpart = "linear_probe"

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        facts = task.additional.get(UNLABELLED)
        if facts is None:
            return Applies(False, "no unlabelled images were given: --unlabelled")
        if task.target.kind != "single_label":
            return Applies(False, "pseudo-labels need one label for each image")
        if facts.images < MIN_IMAGES:
            return Applies(
                False, f"{MIN_IMAGES} unlabelled images are needed, and {facts.images} can be used"
            )
        return Applies(True, f"{facts.images:,} unlabelled images can be labelled by a first classifier")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {
            "C": DEFAULT_SETTING.c,
            "select": SHARE,
            "keep": 0.5,
            "threshold": 0.9,
            "weight": 1.0,
            "rounds": 3,
            "image_size": backbone.input_size,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {
            "C": space.suggest_float("C", 1e-3, 1.0, log=True),
            "select": space.suggest_categorical("select", [SHARE, THRESHOLD]),
            "keep": space.suggest_float("keep", 0.1, 1.0),
            "threshold": space.suggest_float("threshold", 0.4, 0.99),
            "weight": space.suggest_float("weight", 0.1, 4.0, log=True),
            "rounds": space.suggest_int("rounds", 1, 6),
            "image_size": backbone.input_size,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        facts = task.additional.get(UNLABELLED)
        size, images = params["image_size"], facts.images if facts else 0
        seconds = probe_seconds(task, backbone, input_size=size)
        if not backbone.has_seen(size):  # a pass over the unlabelled images, which five folds share
            seconds += backbone.pace.seconds(images, input_size=size) / 5
        each = head_seconds(task, backbone) * (1 + images / task.train_rows) + FIT_SECONDS
        rows = task.train_rows + images
        return Cost(seconds + params["rounds"] * each, 8 * rows * backbone.features)

    def build(self, params: Params, workbench: Workbench) -> _SelfTrainingLearner:
        return _SelfTrainingLearner(params, workbench)


class _SelfTrainingLearner:
    def __init__(self, params: Params, workbench: Workbench) -> None:
        self._params, self._workbench = params, workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        from autotl.builtin.strategies.probes.pseudo_labels import refit

        params, bench = self._params, self._workbench
        size, rounds, count = params["image_size"], params["rounds"], bench.task.target.outputs
        head = self._first_head()
        yield bench.beat(0.0)
        rows = bench.additional(UNLABELLED)
        unlabelled = rows.features(input_size=size).to(bench.device)
        labelled, used = self._labelled(), 0
        for number in range(1, rounds + 1):
            weight, bias = head
            outputs = unlabelled @ weight.to(bench.device).T + bias.to(bench.device)
            pseudo = self._chosen(outputs, labelled.classes, number / rounds)
            used = len(pseudo)
            if used:
                head = refit(
                    labelled,
                    unlabelled,
                    pseudo,
                    c=params["C"],
                    weight=params["weight"],
                    count=count,
                    check_cancelled=rows.check_cancelled,
                )
            yield bench.beat(number / (rounds + 1))
        bench.note(
            f"The last of {rounds} rounds learned from {used:,} of {len(unlabelled):,} unlabelled images, "
            f"with a total weight of {params['weight']:.2g} times that of the labels."
        )
        yield bench.score_head(*head, input_size=size)

    def _first_head(self) -> tuple[Tensor, Tensor]:
        """Return the classifier of the labels alone."""
        setting = HeadSetting(float(self._params["C"]))
        settings = PROBE_SETTINGS if setting in PROBE_SETTINGS else (setting,)
        heads = self._workbench.linear_heads(settings, input_size=self._params["image_size"])
        return heads[settings.index(setting)]

    def _labelled(self) -> Rows:
        from autotl.builtin.strategies.probes.pseudo_labels import Rows

        bench, weights = self._workbench, self._workbench.weights()
        features = bench.features(input_size=self._params["image_size"]).train
        return Rows(
            features.to(bench.device),
            bench.targets().train.to(bench.device),
            None if weights is None else weights.to(bench.device),
        )

    def _chosen(self, outputs: Tensor, classes: Tensor, done: float) -> PseudoLabels:
        """Return the pseudo-labels of a round; ``done`` is the fraction of the rounds with this one."""
        from autotl.builtin.strategies.probes.pseudo_labels import (
            above_threshold,
            class_aligned,
            class_shares,
        )

        if self._params["select"] == THRESHOLD:
            return above_threshold(outputs, self._params["threshold"])
        shares = class_shares(classes, self._workbench.task.target.outputs)
        return class_aligned(outputs, shares, self._params["keep"] * done)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [SelfTraining()]

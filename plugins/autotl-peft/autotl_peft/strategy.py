"""The strategies ``lora`` and ``dora``: their settings, cost and learner."""

from __future__ import annotations

from importlib.util import find_spec

from autotl.api import Applies, Backbone, Cost, Learner, Machine, Params, Task, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import (
    PROBE,
    PROBE_SETTINGS,
    Choice,
    DeclaredStrategy,
    Float,
    InputSize,
    Int,
    Recipe,
    head_seconds,
    training_seconds,
)
from autotl_peft.settings import LastStages, StageEpochs, frozen_stages, slowdown, trained_share

LEAST_EPOCHS = 3
"""Epochs that must fit; with less time, fewer stages get updates."""
BYTES = 12
"""Bytes of memory for each parameter: the trained, the merged and the scored network in float32."""


class LowRankUpdates(DeclaredStrategy):
    """Trains low-rank updates of the last stages, together with the head.

    The other weights stay those of the source. Outputs of stages without updates are computed once. Each
    score is that of the stock network with the updates merged.
    """

    def __init__(self, *, dora: bool, summary: str, reference: str, lr: float) -> None:
        self.dora, self.on_request = dora, dora
        self.name, self.summary, self.reference = "dora" if dora else "lora", summary, reference
        self.settings = {
            "image_size": InputSize(epochs=2 * LEAST_EPOCHS),
            "dropout": Choice(0.0, (0.0, 0.05, 0.1, 0.2)),
            "stages": LastStages(LEAST_EPOCHS, dora),
            "rank": Int(8, low=1, high=64, log=True),
            "alpha": Int(16, low=1, high=128, log=True),
            "lr": Float(lr, low=1e-4, high=2e-2, log=True),
            "epochs": StageEpochs(12, 36, images=12_800, dora=dora),
        }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether PEFT is installed."""
        if find_spec("peft") is None:
            return Applies(False, "the package peft is not installed: pip install peft")
        return Applies(True, f"{backbone.name} has {len(backbone.stages)} stages that can get updates")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of the steps of the last stages, and of one pass over the others.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        seconds = training_seconds(
            task,
            backbone,
            input_size=params["image_size"],
            trained=trained_share(backbone, params["stages"]),
            epochs=params["epochs"],
            views=1,
        )
        seconds *= slowdown(dora=self.dora, dropout=params["dropout"])
        return Cost(seconds + head_seconds(task, backbone), BYTES * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return the training of the updates and the head, which starts from the linear probe.

        Raises:
            TrainingError: A setting is out of range, or no layer can be updated.
        """
        # imported here, because listing the plugins does not need torch
        from autotl.toolbox import Training, heads, set_head
        from autotl_peft.layers import updatable_layers
        from autotl_peft.updates import Update, UpdatedNetwork

        self.check(params)
        size, through = params["image_size"], frozen_stages(bench.backbone, params["stages"])
        model = bench.model()
        probes = bench.linear_heads(PROBE_SETTINGS, input_size=size)
        set_head(model, *probes[PROBE_SETTINGS.index(PROBE)])
        layers = updatable_layers(model, through)
        if not layers:
            raise TrainingError(
                f"stages must include a linear layer or an ungrouped convolution "
                f"(got {params['stages']} of {bench.backbone.name}). Raise stages, or leave out {self.name}."
            )
        train_mode = bench.freeze(model, through)
        update = Update(params["rank"], params["alpha"], params["dropout"], self.dora)
        network = UpdatedNetwork(model, layers, update, bench.generator(self.name))
        for head in heads(model):
            head.requires_grad_(True)
        bench.note(
            f"{len(layers)} layers got updates of rank {params['rank']} ({self._title}), "
            "which were trained with the head and merged into the weights."
        )
        recipe = Recipe.from_params(params, weight_decay=0.0, augment="none" if through else "shift")
        return Training(
            model,
            bench,
            recipe,
            train_mode=train_mode,
            frozen=through,
            merged=lambda _: network.merged_state(),
        )

    @property
    def _title(self) -> str:
        return "DoRA" if self.dora else "LoRA"

    def __reduce__(self) -> str:
        return self.name  # the module binds each strategy to its name


lora = LowRankUpdates(
    dora=False,
    summary="train low-rank updates of the layers with the head, and merge them",
    reference="Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022",
    lr=2e-3,
)
dora = LowRankUpdates(
    dora=True,
    summary="train low-rank updates and the lengths of the weights with the head, and merge them",
    reference="Liu et al., DoRA: Weight-Decomposed Low-Rank Adaptation, ICML 2024",
    lr=1e-3,
)

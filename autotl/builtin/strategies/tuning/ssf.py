"""Scale and shift each layer's outputs, folded into the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Backbone, Cost, Machine, Params, Task, Workbench
from autotl.builtin.strategies.tuning.start import starting_model
from autotl.toolbox import (
    AUGMENTATIONS,
    BALANCES,
    Choice,
    DeclaredStrategy,
    Epochs,
    Float,
    InputSize,
    Recipe,
    probe_seconds,
    training_seconds,
)

if TYPE_CHECKING:
    from autotl.toolbox import Setting, Training

DEFAULT_EPOCHS = 20


class ScaleAndShift(DeclaredStrategy):
    """Trains a scale and a shift for each channel, and the head.

    The pretrained weights and BatchNorm statistics are frozen. With some thousands of trained numbers, it
    overfits few images less than fine-tuning. It takes the time of fine-tuning the whole network, because
    scales need the gradients of the weights. An output ``s · (w x + b) + t`` is that of a layer with the
    weights ``s · w`` and the bias ``s · b + t``, so that the delivered network has no further layers. A layer
    without a bias gets no shift.

    The defaults are those of the paper: AdamW with warm-up, cosine decay and a higher rate than fine-tuning.
    The paper's random initial scales and new head are replaced by the identity and the linear probe's head.
    """

    name = "ssf"
    summary = "scale and shift each frozen layer's outputs, folded into the weights"
    reference = "Lian et al., Scaling & Shifting Your Features, NeurIPS 2022"
    on_request = True
    settings: Mapping[str, Setting] = {
        "image_size": InputSize(epochs=DEFAULT_EPOCHS),
        "epochs": Epochs(DEFAULT_EPOCHS),
        "head": Choice("probe", ("probe", "new")),
        "lr": Float(5e-3, low=5e-4, high=5e-2, log=True),
        "weight_decay": Float(0.05, low=1e-4, high=0.3, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS), for_numbers="none", within="augmentations"),
        "balance": Choice("none", tuple(BALANCES)),
    }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """See :class:`autotl.api.Strategy`.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, epochs = int(params["image_size"]), int(params["epochs"])
        seconds = training_seconds(task, backbone, input_size=size, trained=1.0, epochs=epochs)
        if params["head"] == "probe":
            seconds += probe_seconds(task, backbone, input_size=size)
        return Cost(seconds, 16 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Training:
        """See :class:`autotl.api.Strategy`."""
        # imports torch, which is not needed to list the plugins
        from autotl.builtin.strategies.tuning.scale_shift import add_scale_and_shift, folded_state
        from autotl.toolbox import Training

        self.check(params)
        model = starting_model(params, bench)
        train_mode = bench.freeze(model, 0)  # keeps the statistics of each BatchNorm
        trained = add_scale_and_shift(model)
        bench.note(f"{trained:,} scales and shifts were trained with the head, and folded into the weights.")
        return Training(model, bench, Recipe.from_params(params), train_mode=train_mode, merged=folded_state)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [ScaleAndShift()]

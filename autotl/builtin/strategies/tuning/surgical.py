"""Train the stage with the largest relative gradient norm."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from autotl import hookimpl
from autotl.api import Backbone, Beat, Cost, Machine, Params, Score, Task, Workbench
from autotl.builtin.strategies.tuning.start import probed_model
from autotl.toolbox import (
    AUGMENTATIONS,
    BALANCES,
    MAX_VIEWS,
    PROBE,
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
    from torch import Tensor, nn

    from autotl.api import Batch
    from autotl.backbone import Frozen
    from autotl.toolbox import Setting, Training

DEFAULT_EPOCHS = 20
MEASURED_IMAGES = 512
"""Most training images that the gradient is measured on."""
BATCH_SIZE = 32
STAGE = "surgical.stage"
"""Name of the chosen stage's index in a checkpoint."""


class Surgical(DeclaredStrategy):
    """Trains one stage with the head, and freezes the others.

    The stage has the largest relative gradient norm, ``|g| / |w|``. The gradient is measured by one backward
    pass over at most MEASURED_IMAGES training images, with the linear probe's head. The paper trains first
    blocks if the images look different, and last blocks if the classes differ. It pays with few images that
    are unlike the source, because the other stages cannot overfit. Stages before the chosen
    stage run once, and their outputs are cached.

    The paper searches learning rates from 1e-5 to 1e-3. Its automatic variant weights the rate of each layer
    by the same ratio; here a single stage is trained.
    """

    name = "surgical"
    summary = "train the stage with the largest relative gradient norm, freeze the others"
    reference = "Lee et al., Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, ICLR 2023"
    on_request = True
    settings: Mapping[str, Setting] = {
        "image_size": InputSize(epochs=DEFAULT_EPOCHS),
        "epochs": Epochs(DEFAULT_EPOCHS),
        "lr": Float(1e-3, low=1e-5, high=1e-2, log=True),
        "weight_decay": Float(0.02, low=1e-4, high=0.3, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS), for_numbers="none", within="augmentations"),
        "balance": Choice("none", tuple(BALANCES)),
        "norm": Choice("frozen", ("frozen", "batch")),
    }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the expected cost of one fold.

        It is the mean over the stages that may be chosen.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, epochs = int(params["image_size"]), int(params["epochs"])
        views = 1 if params["augment"] == "none" else MAX_VIEWS
        before = [0.0, *(stage.flops for stage in backbone.stages[:-1])]
        training = fmean(
            training_seconds(
                task, backbone, input_size=size, trained=1 - share, epochs=epochs, views=views if share else 0
            )
            for share in before
        )
        measured = backbone.pace.seconds(min(MEASURED_IMAGES, task.train_rows), input_size=size, trained=1.0)
        probe = probe_seconds(task, backbone, input_size=size)
        return Cost(training + measured + probe, 16 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> _SurgicalLearner:
        """See :class:`autotl.api.Strategy`."""
        self.check(params)
        return _SurgicalLearner(params, bench)


class _SurgicalLearner:
    """Chooses the stage, and trains it. A resumed training keeps the stage."""

    def __init__(self, params: Params, bench: Workbench) -> None:
        self._params, self._bench = params, bench
        self._recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        self._training: Training | None = None
        self._stage = 0
        self._checkpoint: Mapping[str, Tensor] = {}

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`. None before the stage is chosen."""
        import torch

        kept = None if self._training is None else self._training.checkpoint()
        return None if kept is None else {**kept, STAGE: torch.tensor(self._stage)}

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`."""
        self._checkpoint = checkpoint

    def fit(self) -> Generator[Beat | Score, None, None]:
        from autotl.toolbox import Training, layout

        bench = self._bench
        model = probed_model(bench, PROBE, input_size=self._recipe.input_size)
        names = [stage.name for stage in layout(model).stages]
        if self._checkpoint:
            self._stage = int(self._checkpoint[STAGE])
        else:
            norms = yield from relative_gradient_norms(bench, model, self._recipe)
            self._stage = max(range(len(norms)), key=norms.__getitem__)
            listed = ", ".join(f"{name} {norm:.2g}" for name, norm in zip(names, norms, strict=True))
            bench.note(
                f"Only the stage {names[self._stage]} was trained, with the head, because its relative "
                f"gradient norm is the largest ({listed})."
            )
        train_mode = freeze_except(model, self._stage, norm=self._params["norm"])
        self._training = Training(model, bench, self._recipe, train_mode=train_mode, frozen=self._stage)
        if self._checkpoint:
            self._training.resume({k: v for k, v in self._checkpoint.items() if k != STAGE})
        yield from self._training.fit()


def relative_gradient_norms(
    bench: Workbench, model: nn.Module, recipe: Recipe
) -> Generator[Beat, None, list[float]]:
    """Return each stage's gradient norm, divided by the norm of its weights.

    The gradient is that of the training's mean loss, on images without augmentation. BatchNorm uses the
    source's statistics.

    Args:
        bench: The workbench of the trial.
        model: The network with a head.
        recipe: Gives image size, batch size, balance and label smoothing.

    Returns:
        A number for each stage, 0 or more, in the order of the stages.
    """
    import torch

    from autotl.toolbox import layout

    model.eval()
    model.requires_grad_(True)
    named = dict(model.named_parameters())
    sums = {name: torch.zeros_like(value) for name, value in named.items()}
    seen, pieces = 0, 1
    for batch in bench.batches(
        input_size=recipe.input_size, batch_size=recipe.batch_size, balance=recipe.balance
    ):
        pieces = _add_gradients(sums, bench, model, batch, recipe.label_smoothing, pieces)
        seen += len(batch.targets)
        yield bench.beat()
        if seen >= MEASURED_IMAGES:
            break
    return [
        _ratio([(sums[name], named[name]) for name in names if name in named], seen)
        for names in layout(model).parameters
    ]


def _add_gradients(
    sums: Mapping[str, Tensor],
    bench: Workbench,
    model: nn.Module,
    batch: Batch,
    smoothing: float,
    pieces: int,
) -> int:
    """Add the gradients of a batch's summed loss, in more pieces if memory runs out.

    Args:
        sums: The sums by the parameter's name; they are changed only if the whole batch fits.
        bench: The workbench of the trial.
        model: The network with a head.
        batch: The images and targets.
        smoothing: Label smoothing of the loss.
        pieces: Pieces to start with.

    Returns:
        The pieces to start the next batch with.
    """
    import torch

    from autotl.training import retry_in_microbatches

    parameters = dict(model.named_parameters())

    def attempt(pieces: int) -> list[Tensor]:
        total = [torch.zeros_like(value) for value in parameters.values()]
        for rows in torch.arange(len(batch.targets)).tensor_split(pieces):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            with bench.autocast():
                outputs = model(batch.inputs[part])
            weights = None if batch.weights is None else batch.weights[part]
            loss = bench.target.loss(
                outputs.float(), batch.targets[part], weights=weights, smoothing=smoothing
            )
            found = torch.autograd.grad(len(rows) * loss, [*parameters.values()], allow_unused=True)
            for value, gradient in zip(total, found, strict=True):
                if gradient is not None:
                    value.add_(gradient)
        return total

    found, pieces = retry_in_microbatches(attempt, pieces, max_pieces=max(1, len(batch.targets) // 2))
    for name, gradient in zip(parameters, found, strict=True):
        sums[name].add_(gradient)
    return pieces


def _ratio(values: list[tuple[Tensor, nn.Parameter]], images: int) -> float:
    """Return the norm of the mean gradient, divided by that of the parameters; 0 without parameters."""
    gradient = sum(float(total.double().square().sum()) for total, _ in values)
    weight = sum(float(value.detach().double().square().sum()) for _, value in values)
    return float((gradient / weight) ** 0.5 / images) if weight else 0.0


def freeze_except(model: nn.Module, stage: int, *, norm: Literal["frozen", "batch"]) -> Frozen:
    """Freeze all stages but one; the head is trained.

    Args:
        model: The network.
        stage: Index of the trained stage.
        norm: ``"frozen"`` keeps the statistics of every BatchNorm; ``"batch"`` updates those of the stage.

    Returns:
        A function that puts the stage and the head into training mode.
    """
    from autotl.toolbox import freeze, layout

    before, found = freeze(model, stage, norm=norm), layout(model)
    parameters = frozenset[str]().union(*found.parameters[stage + 1 :])
    modules = frozenset[str]().union(*found.modules[stage + 1 :])
    for name, parameter in model.named_parameters():
        if name in parameters:
            parameter.requires_grad_(False)
    return replace(before, parameters=before.parameters | parameters, modules=before.modules | modules)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Surgical()]

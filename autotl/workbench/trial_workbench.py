"""The workbench of one trial: its data, its training and its score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from autotl.api import Backbone, Batch, Beat, Cut, Fold, HeadSpec, Score, Task
from autotl.backbone import Frozen, Norm, freeze
from autotl.clock import Clock, WallClock
from autotl.errors import TrainingError
from autotl.heads import attached_head
from autotl.metrics import Metric, get_metric
from autotl.progress.timeline import spent_on
from autotl.seeds import derive
from autotl.training import autocast, predict_outputs
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.cut_model import CutModel
from autotl.workbench.fold_data import FoldData
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.learning.delivered_head import delivered_outputs
from autotl.workbench.learning.epoch_batches import EpochOrder, epoch_batches
from autotl.workbench.learning.epoch_progress import EpochProgress
from autotl.workbench.learning.kept_tensors import keep_tensor
from autotl.workbench.learning.scored_network import ScoredNetwork
from autotl.workbench.run_cache import RunCache


class TrialWorkbench(FoldData):
    """A :class:`~autotl.api.Workbench` over the caches of a run.

    Attributes:
        progress: Counts epochs and batches.
        result: The network of the last score.
        last_score: The last score; None before it.
        tracked: The network in training, and its image size in pixels.
        notes: The learner's sentences for the report.
    """

    def __init__(
        self,
        run_cache: RunCache,
        task: Task,
        backbone: Backbone,
        fold: Fold | None,
        *,
        seed: int,
        check_cancelled: CancellationCheck = never_cancelled,
        activations: ActivationCache | None = None,
        metric: Metric | None = None,
    ) -> None:
        """Prepare the workbench of a trial.

        Args:
            run_cache: Images, features and networks of the run.
            task: The task.
            backbone: The network.
            fold: The training and validation rows; None to train on all rows.
            seed: The seed of the trial.
            check_cancelled: Called often in long work; may raise to end it.
            activations: Cached activations of the run; None starts a cache.
            metric: Scores the validation rows; None for the task's metric.
        """
        super().__init__(
            run_cache,
            task,
            backbone,
            fold,
            seed=seed,
            check_cancelled=check_cancelled,
            activations=activations,
        )
        self._metric = metric or get_metric(task.metric, task.target)
        self.start_clock(WallClock())
        self.progress, self.result = EpochProgress(), ScoredNetwork(run_cache, self._activations, backbone)
        self.last_score: Score | None = None
        self.tracked: tuple[nn.Module, int] | None = None
        self.notes: tuple[str, ...] = ()

    def start_clock(self, clock: Clock) -> None:
        """Count the seconds of the fold from now on, by this clock."""
        self._clock, self._started = clock, clock.now()

    @property
    def seconds_left(self) -> float | None:
        """See :class:`~autotl.api.Workbench`."""
        if self.task.trial_seconds is None:
            return None
        return self.task.trial_seconds / self.task.folds - (self._clock.now() - self._started)

    def freeze(self, model: nn.Module, through: int, *, norm: Norm = "frozen") -> Frozen:
        """Freeze the first stages; see :class:`~autotl.api.Workbench`.

        Args:
            model: The model.
            through: Number of stages.
            norm: The policy of BatchNorm statistics.
        """
        return freeze(model, through, norm=norm)

    def autocast(self) -> AbstractContextManager[object]:
        """See :class:`~autotl.api.Workbench`."""
        return autocast(self.device)

    def generator(self, purpose: str) -> torch.Generator:
        """See :class:`~autotl.api.Workbench`."""
        return torch.Generator().manual_seed(derive(self.seed, purpose))

    def keep(self, key: str, compute: Callable[[], Tensor]) -> Tensor:
        """See :class:`~autotl.api.Workbench`."""
        return keep_tensor(self._run_cache, self.backbone.name, (self.strategy, key, self._fold), compute)

    def note(self, sentence: str) -> None:
        """See :class:`~autotl.api.Workbench`."""
        self.notes = (*self.notes, " ".join(sentence.split()))

    def batches(
        self,
        *,
        input_size: int,
        epoch: int = 1,
        batch_size: int = 32,
        augment: str = "none",
        balance: str = "none",
        cut: Cut | None = None,
    ) -> Iterator[Batch]:
        """Yield batches; see :class:`~autotl.api.Workbench`.

        Args:
            input_size: Image size in pixels.
            epoch: Number of the epoch, from 1.
            batch_size: Images per batch.
            augment: A name of AUGMENTATIONS.
            balance: A name of BALANCES.
            cut: Yields cached activations in place of images.
        """
        order = EpochOrder(epoch, batch_size, balance)
        for batch in epoch_batches(self, order, input_size=input_size, augment=augment, cut=cut):
            self._check_cancelled()
            yield batch
            self.progress.count_batch(order.steps(len(self._rows.train)))

    def beat(self, progress: float | None = None) -> Beat:
        """See :class:`~autotl.api.Workbench`."""
        return Beat(self.progress.value if progress is None else progress)

    def epochs(self, count: int, **state: nn.Module | torch.optim.Optimizer) -> Iterator[int]:
        """Yield epochs; see :class:`~autotl.api.Workbench`.

        Args:
            count: Number of epochs.
            state: Networks and optimisers whose state belongs to a checkpoint.
        """
        return self.progress.epochs(count, state, seed=derive(self.seed, "dropout"))

    def track(self, model: nn.Module, *, input_size: int) -> None:
        """Name the network in training; see :class:`~autotl.api.Workbench`."""
        self.tracked = model, input_size

    @spent_on("validate")
    def score(
        self,
        model: nn.Module | Mapping[str, Tensor],
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
        loss: float | None = None,
        cut: Cut | None = None,
    ) -> Score:
        """Evaluate a network; see :class:`~autotl.api.Workbench`.

        Args:
            model: The network, or its state.
            input_size: Image size in pixels.
            epoch: Number of the epoch.
            progress: Share of the planned work that is done.
            loss: Mean training loss of the epoch.
            cut: Evaluates the layers behind this cut on cached activations.
        """
        state = model.state_dict() if isinstance(model, nn.Module) else model
        head = attached_head(model) if isinstance(model, nn.Module) else None
        with self.result.restored_on_failure():
            self.result.load(state, input_size, None if head is None else head.form)
            if not len(self._rows.val):
                outputs = torch.empty(0, self.task.target.outputs)
            elif matching := self._matching(cut, input_size):
                outputs = self.result.outputs_behind(matching)
            else:
                outputs = predict_outputs(self.result.model, self.inputs(input_size=input_size).val, self)
            return self._keep_score(outputs, epoch, progress, loss)

    @spent_on("validate")
    def score_head(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
    ) -> Score:
        """Evaluate a linear head; see :class:`~autotl.api.Workbench`.

        Args:
            weight: Weights, (k, features).
            bias: Biases, (k,).
            input_size: Image size in pixels of the features.
            epoch: Number of the epoch.
            progress: Share of the planned work that is done.
        """
        weight, bias = weight.detach().float().cpu(), bias.detach().float().cpu()
        features = self.features(input_size=input_size).val if len(self._rows.val) else weight[:0]
        with self.result.restored_on_failure():
            self.result.load_head(weight, bias, input_size)
            return self._keep_score(features @ weight.T + bias, epoch, progress, None)

    @spent_on("validate")
    def score_custom_head(
        self,
        head: nn.Module,
        spec: HeadSpec,
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
    ) -> Score:
        """Evaluate a head that is not linear; see :class:`~autotl.api.Workbench`.

        Args:
            head: The head.
            spec: Its description.
            input_size: Image size in pixels of the features.
            epoch: Number of the epoch.
            progress: Share of the planned work that is done.
        """
        form = self.head_form(spec, input_size)
        rows = self.head_features(form.spec.stages, input_size=input_size)
        with self.result.restored_on_failure():
            delivered = self.result.load_custom_head(head, form, input_size)
            outputs = delivered_outputs(delivered, head, rows, device=self.device)
            return self._keep_score(outputs, epoch, progress, None)

    def checked(self, step: object) -> Beat | Score:
        """Return a step of a learner.

        Raises:
            TrainingError: It is malformed, or a score that the workbench has not just made.
        """
        if not isinstance(step, Beat | Score):
            raise TrainingError(
                f"fit() must yield a Beat or a Score (got {type(step).__name__}). "
                "Yield bench.beat() and bench.score(…)."
            )
        if isinstance(step, Score) and step is not self.last_score:
            raise TrainingError(
                "fit() must yield the score that the workbench has just made (got another). "
                "Yield bench.score(…) at once."
            )
        if not 0 <= step.progress <= 1:
            raise TrainingError(f"The progress of a step must be in [0, 1] (got {step.progress}).")
        return step

    def opened_test_rows(self) -> list[int]:
        """Return the hidden test rows that were to be opened."""
        return self._run_cache.test_attempts

    def measure(self, outputs: Tensor) -> float:
        """Return the metric of validation outputs (rows, k); 0 without validation rows."""
        if not len(self._rows.val):
            return 0.0
        targets = self._run_cache.targets[self._rows.val]
        return self._metric(targets.numpy(), outputs.float().numpy())

    def _matching(self, cut: Cut | None, input_size: int) -> CutModel | None:
        """Return the cut if its cached activations are those of the network to score."""
        if not isinstance(cut, CutModel) or cut.workbench is not self or cut.input_size != input_size:
            return None
        head = attached_head(self.result.model)
        if head is not None and head.form.spec.stages:
            return None
        return cut if self.is_unchanged(self.result.model, cut.through) else None

    def _keep_score(
        self, outputs: Tensor, epoch: int | None, progress: float | None, loss: float | None
    ) -> Score:
        """Return the score, which is the result until the next one."""
        outputs = outputs.detach().float().cpu()
        if not bool(outputs.isfinite().all()):
            raise TrainingError("The network's outputs must be finite (got NaN or infinity).")
        epoch = self.progress.epoch if epoch is None else epoch
        progress = self.progress.at_epoch_end if progress is None else progress
        self.last_score = Score(epoch, self.measure(outputs), progress, outputs, loss)
        return self.last_score

"""The data of a trial: one task, one backbone, one fold."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from autotl.api import Backbone, Fold, HeadSetting, HeadSpec, Images, Rows, Task
from autotl.backbone import layout, parameters_up_to
from autotl.errors import TrainingError
from autotl.heads import HeadForm, attached_head, check_classifier, check_spec
from autotl.progress.timeline import spent_on
from autotl.seeds import derive
from autotl.training import PROBE, PROBE_SETTINGS
from autotl.workbench.activation_cache import ActivationCache, ViewSpec
from autotl.workbench.additional.rows import WorkbenchRows, rows_in_role
from autotl.workbench.cut_model import CutModel, take_rows
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_features import stage_features, usable_stages


class FoldData:
    """Images, features and networks of a fold.

    It is the first half of a :class:`~autotl.api.Workbench`.

    Attributes:
        strategy: The name of the learner's strategy, whose kept tensors no other strategy sees.
    """

    strategy = ""

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
    ) -> None:
        """Prepare the data of a fold.

        Args:
            run_cache: Images, features and networks of the run.
            task: The task.
            backbone: The network.
            fold: The training and validation rows; None to train on all rows.
            seed: The seed of the trial.
            check_cancelled: Called often in long work; may raise to end it.
            activations: Cached activations of the run; None starts a cache.
        """
        self.task, self.backbone, self.seed, self.device = task, backbone, seed, run_cache.device
        self.target = run_cache.target
        self.processes = run_cache.processes
        self._run_cache, self._check_cancelled = run_cache, check_cancelled
        self._activations = activations or ActivationCache(run_cache)
        folds = run_cache.splits.folds
        self._fold = None if fold is None else next(i for i, each in enumerate(folds) if each is fold)
        train = run_cache.positions(run_cache.splits.train if fold is None else fold.train)
        val = train[:0] if fold is None else run_cache.positions(fold.val)
        self._rows = Rows(train, val)
        # validation rows of a single fold are never trained on, so they need no augmented views
        single = fold is not None and len(run_cache.splits.folds) == 1
        self._augmented_rows = len(train) if single else len(run_cache.order)

    def model(self, *, pretrained: bool = True) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        if pretrained:
            return self._run_cache.networks.new(self.backbone.name)
        return self._run_cache.networks.random(self.backbone.name, seed=self.seed)

    def source_model(self) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        # a copy, because a strategy that changed the shared network would change all later trials
        return copy.deepcopy(self._run_cache.networks.source(self.backbone.name))

    def targets(self) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        targets = self._run_cache.targets
        return Rows(targets[self._rows.train], targets[self._rows.val])

    def weights(self) -> Tensor | None:
        """See :class:`~autotl.api.Workbench`."""
        if self._run_cache.weights is None:
            return None
        own = self._run_cache.weights[self._rows.train]
        return own / own.mean()

    def features(self, *, input_size: int) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        check = self._check_cancelled
        features = self._run_cache.features(self.backbone.name, input_size=input_size, check_cancelled=check)
        return Rows(take_rows(features, self._rows.train), take_rows(features, self._rows.val))

    def stage_features(self, *, input_size: int) -> Mapping[str, Rows[Tensor]]:
        """See :class:`~autotl.api.Workbench`."""
        name, check = self.backbone.name, self._check_cancelled
        found = stage_features(self._run_cache, name, input_size=input_size, check_cancelled=check)
        return {
            stage: Rows(take_rows(values, self._rows.train), take_rows(values, self._rows.val))
            for stage, values in found.items()
        }

    def head_features(self, stages: Sequence[str], *, input_size: int) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        pooled = self.features(input_size=input_size)
        if not stages:
            return pooled
        known = self.stage_features(input_size=input_size)
        if missing := [name for name in stages if name not in known]:
            raise TrainingError(
                f"stages must be among {', '.join(known)} (got {missing[0]!r}). "
                "Use the names of bench.stage_features."
            )
        parts = [*(known[name] for name in stages), pooled]
        return Rows(torch.cat([each.train for each in parts], 1), torch.cat([each.val for each in parts], 1))

    def new_head(self, spec: HeadSpec, *, input_size: int) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        form = self.head_form(spec, input_size)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(derive(self.seed, "head"))
            return self._run_cache.networks.head_kinds.build(form).to(self.device)

    def head_form(self, spec: HeadSpec, input_size: int) -> HeadForm:
        """Return a spec with the widths of its input and output.

        Raises:
            TrainingError: The spec is wrong.
            WeightsError: The network cannot have such a head.
        """
        spec = check_spec(spec)
        check_classifier(self._run_cache.networks.task(self.backbone.name))
        width = self.head_features(spec.stages, input_size=input_size).train.shape[1]
        kinds = self._run_cache.networks.head_kinds
        axes: tuple[int, ...] = ()
        if spec.stages:
            known = usable_stages(self._run_cache, self.backbone.name, input_size)
            axes = tuple(known[name].axis for name in spec.stages)
        return kinds.form(spec, features=width, outputs=self.task.target.outputs, axes=axes)

    def linear_heads(
        self, settings: Sequence[HeadSetting], *, input_size: int
    ) -> list[tuple[Tensor, Tensor]]:
        """See :class:`~autotl.api.Workbench`."""
        name, run_cache, fold, check = self.backbone.name, self._run_cache, self._fold, self._check_cancelled
        if fold is not None and fold >= len(run_cache.splits.first):
            heads = run_cache.linear_heads(
                name, settings, input_size=input_size, fold=fold, check_cancelled=check
            )[0]
        else:
            of_folds = run_cache.linear_heads(name, settings, input_size=input_size, check_cancelled=check)
            heads = of_folds[-1 if fold is None else fold]
        return [(head[:, :-1].contiguous(), head[:, -1].contiguous()) for head in heads]

    def teacher_outputs(self, backbone: str) -> Tensor:
        """See :class:`~autotl.api.Workbench`."""
        facts = self._run_cache.backbones[backbone]
        fold = None if self._fold is None else self._run_cache.splits.folds[self._fold]
        other = FoldData(
            self._run_cache,
            self.task,
            facts,
            fold,
            seed=self.seed,
            check_cancelled=self._check_cancelled,
            activations=self._activations,
        )
        heads = other.linear_heads(PROBE_SETTINGS, input_size=facts.input_size)
        weight, bias = heads[PROBE_SETTINGS.index(PROBE)]
        return other.features(input_size=facts.input_size).train @ weight.T + bias

    def cut(
        self, model: nn.Module, through: int, *, input_size: int, augment: str = "none", views: int = 1
    ) -> CutModel | None:
        """Cut a model; see :class:`~autotl.api.Workbench`.

        Args:
            model: The model to cut.
            through: Number of frozen first stages.
            input_size: Image size in pixels.
            augment: Name of the augmentation.
            views: Number of augmented views that are wanted.
        """
        name, cache = self.backbone.name, self._activations
        if through == 0 or not self.is_unchanged(model, through):
            return None
        head = attached_head(model)
        if head is not None and head.form.spec.stages:
            return None  # the head takes outputs of the stages that would be cut off
        cut_point = cache.cut_point(name, through)
        view = ViewSpec(input_size, len(self._run_cache.order))
        fitting = cache.views_that_fit(name, cut_point, view, wanted=views if augment != "none" else 1)
        if not fitting:
            return None
        suffix = cache.cuts(name, input_size).suffix(cut_point, model)
        return CutModel(self, suffix, fitting, cut_point, input_size, augment, through)

    @spent_on("forward")
    def activations(self, cut_point: str, view: ViewSpec) -> Rows[Tensor]:
        """Return activations of both parts; validation rows are not augmented.

        Args:
            cut_point: The name of the module behind which the network is cut.
            view: The view of the training rows.
        """
        name, cache, check = self.backbone.name, self._activations, self._check_cancelled
        plain = ViewSpec(view.input_size, len(self._run_cache.order))
        if view.augment == "none":
            found = cache.array(name, cut_point, plain, check_cancelled=check)
            return Rows(take_rows(found, self._rows.train), take_rows(found, self._rows.val))
        train = cache.array(name, cut_point, view, check_cancelled=check)
        if not len(self._rows.val):
            return Rows(take_rows(train, self._rows.train), train[:0])
        val = cache.array(name, cut_point, plain, check_cancelled=check)
        return Rows(take_rows(train, self._rows.train), take_rows(val, self._rows.val))

    def inputs(self, *, input_size: int, augmented: bool = False) -> Rows[Images]:
        """See :class:`~autotl.api.Workbench`."""
        name, images, check = self.backbone.name, self._run_cache.images, self._check_cancelled
        if augmented:
            train = images.pixels(
                name, input_size=input_size, margin=True, rows=self._augmented_rows, check_cancelled=check
            )
            if not len(self._rows.val):
                return Rows(
                    take_rows(train, self._rows.train),
                    torch.empty(0, 3, input_size, input_size, dtype=torch.uint8),
                )
        val = images.pixels(name, input_size=input_size, margin=False, check_cancelled=check)
        return Rows(take_rows(train if augmented else val, self._rows.train), take_rows(val, self._rows.val))

    def additional(self, role: str) -> WorkbenchRows:
        """See :class:`~autotl.api.Workbench`."""
        name, check = self.backbone.name, self._check_cancelled
        return rows_in_role(self._run_cache, role, name, check, strategy=self.strategy)

    def to_batch(self, inputs: Tensor) -> Tensor:
        """See :class:`~autotl.api.Workbench`."""
        return self._run_cache.to_batch(self.backbone.name, inputs)

    @property
    def augmented_rows(self) -> int:
        """The number of leading training images that augmented views include."""
        return self._augmented_rows

    def is_unchanged(self, model: nn.Module, through: int) -> bool:
        """Return whether the model's first stages equal the task network's."""
        reference = self._run_cache.networks.task(self.backbone.name).state_dict()
        own, frozen = model.state_dict(), frozenset[str]().union(*layout(model).modules[:through])
        names = parameters_up_to(model, through - 1)
        # a BatchNorm's statistics are no parameters, but determine its output
        names |= {name for name in reference if name.rpartition(".")[0] in frozen}
        return all(
            name in own and torch.equal(own[name], reference[name]) for name in names & reference.keys()
        )

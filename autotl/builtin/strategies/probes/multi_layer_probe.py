"""Train a linear classifier on features chosen from all layers."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    Applies,
    Backbone,
    Beat,
    Cost,
    HeadSetting,
    HeadSpec,
    LinearProblem,
    Machine,
    Params,
    Score,
    Task,
    Workbench,
)
from autotl.clock import NEVER
from autotl.toolbox import Choice, DeclaredStrategy, InputSize, Setting

if TYPE_CHECKING:
    from torch import Tensor

MIN_COLUMNS = 16
"""Least features that are kept."""
RIDGE = 1e-2
"""Penalty of the ridge regression, as a share of the mean diagonal of its Gram matrix."""
HEAD_STEPS = 40
"""Optimiser steps of the logistic regression."""
MULTIPLY_ADD_SECONDS = 3e-11
"""Seconds per multiply-add of such a step on common hardware."""


SETTINGS: dict[str, Setting] = {
    "keep": Choice(0.2, (0.01, 0.02, 0.05, 0.1, 0.2, 1.0)),
    "C": Choice(0.022, (1e-4, 4.6e-4, 2.2e-3, 0.01, 0.022, 0.1, 0.46, 2.2)),
    "image_size": InputSize(),
}


class MultiLayerProbe(DeclaredStrategy):
    """Logistic regression on the most relevant features of all stages, after Head2Toe.

    The features of each stage are averaged over positions and standardised. A ridge regression on all of
    them gives each feature a relevance, the norm of its weights over the classes. The most relevant features
    are kept. The paper takes the norms from a regression with a group lasso instead, which is slower to fit.
    """

    name = "multi_layer_probe"
    summary = "freeze the whole backbone, learn a linear classifier on chosen features of all stages"
    reference = "Evci et al., Head2Toe, ICML 2022"
    trained = 0.0
    deterministic = True
    on_request = True
    settings = SETTINGS

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return True, with the number of stages."""
        return Applies(True, f"{len(backbone.stages)} stages give features of several depths")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the seconds of a pass and of both regressions.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, rows = int(params["image_size"]), task.train_rows
        passes = 1.0 if backbone.has_seen(size) else 2.0
        features = passes * backbone.pace.seconds(rows, input_size=size)
        width = backbone.features + sum(stage.channels for stage in backbone.stages)
        kept = max(MIN_COLUMNS, math.ceil(float(params["keep"]) * width))
        small = min(rows, width)
        products = rows * width * small + small**3
        products += rows * kept * min(rows, kept) + 10 * min(rows, kept) ** 3
        products += HEAD_STEPS * rows * kept * task.target.outputs
        return Cost(features / 5 + MULTIPLY_ADD_SECONDS * products, 8 * rows * width)

    def build(self, params: Params, bench: Workbench) -> _MultiLayerLearner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        self.check(params)
        return _MultiLayerLearner(params, bench)


@dataclass(frozen=True, slots=True)
class _MultiLayerLearner:
    params: Params
    bench: Workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        bench, size = self.bench, int(self.params["image_size"])
        widths = {name: rows.train.shape[1] for name, rows in bench.stage_features(input_size=size).items()}
        yield bench.beat(0.1)
        x = bench.head_features([*widths], input_size=size).train
        relevance = bench.keep(f"multi_layer_probe: relevance at {size}", lambda: self._relevance(x))
        yield bench.beat(0.4)
        count = min(len(relevance), max(MIN_COLUMNS, math.ceil(float(self.params["keep"]) * len(relevance))))
        columns = relevance.topk(count).indices.sort().values
        weight, bias = self._logistic(x[:, columns])
        yield bench.beat(0.8)
        stages, renumbered = used_stages(columns, widths)
        spec = HeadSpec("multi_layer", {"columns": count}, stages)
        head: Any = bench.new_head(spec, input_size=size)
        head.load_state_dict({"columns": renumbered, "linear.weight": weight, "linear.bias": bias})
        yield bench.beat(0.9)
        share = f"{count:,} of {len(relevance):,} features"
        bench.note(f"The classifier takes {share}, from {len(stages)} stages and the pooled features.")
        yield bench.score_custom_head(head, spec, input_size=size, epoch=1, progress=1.0)

    def _relevance(self, x: Tensor) -> Tensor:
        """Return the norm of each standardised feature's weights in a ridge regression, (d,)."""
        import torch

        bench = self.bench
        weights = bench.weights()
        mass = torch.ones(len(x)) if weights is None else weights
        mass = (mass / mass.sum())[:, None]
        mean = (x * mass).sum(0)
        rows = (x - mean) / ((x - mean) ** 2 * mass).sum(0).sqrt().clamp(min=1e-6) * mass.sqrt()
        y = self._columns()
        y = (y - (y * mass).sum(0)) * mass.sqrt()
        rows, y = rows.to(bench.device), y.to(bench.device)
        narrow = rows.shape[1] <= len(rows)
        gram = rows.T @ rows if narrow else rows @ rows.T
        gram.diagonal().add_(RIDGE * gram.diagonal().mean().clamp(min=1e-12))
        factor = torch.linalg.cholesky(gram)
        solved = torch.cholesky_solve(rows.T @ y if narrow else y, factor)
        found: Tensor = torch.linalg.vector_norm(solved if narrow else rows.T @ solved, dim=1)
        return found.cpu()

    def _columns(self) -> Tensor:
        """Return one-hot classes, labels as 0 and 1, or numbers of variance 1, (n, k)."""
        from torch.nn.functional import one_hot

        targets, target = self.bench.targets().train, self.bench.task.target
        if target.kind == "single_label":
            return one_hot(targets, target.outputs).float()
        if target.kind == "regression":
            return targets / targets.std(0).clamp(min=1e-12)
        return targets

    def _logistic(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weight (k, d) and bias (k,) of the target's linear head on all rows."""
        import torch

        bench = self.bench
        problem = LinearProblem(x, bench.targets().train, [torch.arange(len(x))], bench.weights())
        # the number of steps is bounded; an end by time would give other weights in another run
        heads = bench.target.fit_linear(
            problem.to(bench.device),
            [HeadSetting(float(self.params["C"]))],
            check_cancelled=_go_on,
            end=NEVER,
        )
        return heads.weight[0, 0].cpu(), heads.bias[0, 0].cpu()


def _go_on() -> None:
    """Let a fit continue until it converges."""


def used_stages(columns: Tensor, widths: dict[str, int]) -> tuple[tuple[str, ...], Tensor]:
    """Return the stages of some columns, and the columns among these.

    Args:
        columns: Columns of all stages' features and, last, the pooled features, ascending.
        widths: The channels of each stage.
    """
    kept: list[str] = []
    found, start, moved = columns.clone(), 0, 0
    for name, width in widths.items():
        inside = (columns >= start) & (columns < start + width)
        if bool(inside.any()):
            kept.append(name)
            found[inside] -= moved
        else:
            moved += width
        start += width
    found[columns >= start] -= moved
    return tuple(kept), found


@hookimpl
def autotl_strategies() -> list[Any]:
    return [MultiLayerProbe()]

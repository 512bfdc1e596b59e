"""Model soup: average weights, if that improves the validation score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.api import FoldScore
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import expected_refit_gain
from autotl.evaluation import Soup
from autotl.finalize.ensembling.ensemble import ROUNDING
from autotl.finalize.final_model import FinalModel
from autotl.finalize.interpolation import (
    PRETRAINED_SHARES,
    STATISTICS,
    can_interpolate,
    interpolate,
    probed_network,
)
from autotl.finalize.phase import FinalPhase
from autotl.training import predict_outputs
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import head_in, save_weights
from autotl.workbench.trial_workbench import TrialWorkbench

State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class SoupResult:
    """The facts of a soup, and its weights if it is kept."""

    soup: Soup
    weights: str = ""
    fold: FoldScore | None = None


class ModelSoup:
    """The step that tries a greedy soup, and interpolation with its source.

    Wortsman et al., Model soups, ICML 2022; Wortsman et al., Robust fine-tuning of zero-shot models
    (WiSE-FT), CVPR 2022.
    """

    name = "model soup"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase
        self._interpolated: dict[str, bool] = {}  # asked after each trial, and found by reading a file

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of a validation pass for each network to try."""
        best, budget = history.best(), self._phase.budget.seconds
        if best is None:
            return 0.0
        once = POLICY.margin * self._phase.pass_seconds(best, len(history.targets[0]))
        limit = math.inf if budget is None else POLICY.soup * budget
        others = max(0, len(compatible_trials(history, best)) - 1)
        return min(limit, once * (others + self._interpolations(best)))

    def _interpolations(self, best: Trial) -> int:
        """Return how many interpolations with the pretrained network will be tried."""
        file = best.model
        if file is None or not Path(file).is_file():
            return 0
        if file not in self._interpolated:
            self._interpolated[file] = can_interpolate(self._phase.runner.run_cache, best)
        return len(PRETRAINED_SHARES) if self._interpolated[file] else 0

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with the soup's weights, if clearly better."""
        phase, budget = self._phase, self._phase.budget.seconds
        left = phase.end - phase.clock.now()
        seconds = math.inf if budget is None else min(POLICY.soup * budget, left)
        required = expected_refit_gain(phase.history, model.trial, phase.budget)
        found = mix(phase, model.trial, required=required, seconds=seconds)
        if not found.soup.kept or found.fold is None:
            return replace(model, soup=found.soup)
        return replace(model, soup=found.soup, weights=found.weights, outputs={0: found.fold})


def compatible_trials(history: TrialHistory, winner: Trial) -> list[Trial]:
    """Return the trials that can be averaged with the winner, best first.

    Their first fold's network started from the same weights, and has the same image size and a linear head.
    The winner is one of them. A baseline has none, because each training starts from other random weights.
    """
    if winner.baseline:
        return []
    found = [
        trial
        for trial in history.trials.values()
        if trial.arm.backbone == winner.arm.backbone
        and trial.input_size == winner.input_size
        and not trial.baseline
        and trial.state in ("complete", "stopped")
        and 0 in trial.folds
        and trial.model
        and Path(trial.model).is_file()
        and head_in(trial.model) is None
    ]
    return sorted(found, key=history.posterior_mean, reverse=True)


def mix(phase: FinalPhase, winner: Trial, *, required: float, seconds: float) -> SoupResult:
    """Average networks greedily while the score does not fall.

    If layers were trained, the average is then interpolated with the pretrained network that has the linear
    probe's head. Only networks with the same BatchNorm statistics are averaged. Statistics cannot be
    averaged, and measuring them again takes passes over training images.

    Args:
        phase: The final phase.
        winner: The best trial.
        required: By how much the soup must beat the winner, beyond one standard error paired by image.
        seconds: When the trying ends.
    """
    runner, history = phase.runner, phase.history
    backbone = runner.run_cache.backbones[winner.arm.backbone]
    every = compatible_trials(history, winner)
    if winner.model and Path(winner.model).is_file() and head_in(winner.model):
        return SoupResult(Soup(why="weights of heads that are not linear are not averaged"))
    if not backbone.weights.pretrained or not every:
        return SoupResult(Soup(why="networks that start from different random weights cannot be averaged"))
    end = phase.clock.now() + seconds
    tasting = _Tasting(phase, winner, every[0])
    for trial in every[1:]:
        if phase.clock.now() + tasting.last_seconds > end:
            break
        tasting.add(trial)
    tasting.interpolate(end)
    if len(tasting.used) < 2 and not tasting.pretrained_share:
        why = "no other network could be averaged with the leading one without a loss in validation"
        return SoupResult(Soup(tried=tasting.tried, why=why))
    gain = tasting.best.score - winner.folds[0].score
    mixed = Trial(-1, winner.arm, {}, 0, False, folds={0: tasting.best})
    # about a mean of 0: about its own mean, one image more would always be one standard error or more
    se = math.hypot(history.metric_standard_error(mixed, winner), gain / math.sqrt(tasting.images))
    found = Soup(
        gain - required - se > ROUNDING * history.accuracy_scale,
        tuple(tasting.used),
        tasting.tried,
        gain,
        se,
        required,
        pretrained_share=tasting.pretrained_share,
    )
    if not found.kept:
        return SoupResult(replace(found, why=_refusal(required)))
    return SoupResult(
        found, save_weights(runner.folder / "soup.safetensors", tasting.network()), tasting.best
    )


class _Tasting:
    """The average so far."""

    def __init__(self, phase: FinalPhase, winner: Trial, first: Trial) -> None:
        runner, self._clock, self._input_size = phase.runner, phase.clock, winner.input_size
        self._run_cache, self._first = runner.run_cache, first
        backbone = runner.run_cache.backbones[winner.arm.backbone]
        fold = runner.run_cache.splits.folds[0]
        self._bench = TrialWorkbench(
            runner.run_cache, runner.task, backbone, fold, seed=0, metric=runner.metric
        )
        self._model: nn.Module = runner.run_cache.networks.new(backbone.name)
        self._state: State = load_file(str(first.model))
        self.used, self.best, self.tried = [first.number], first.folds[0], 1
        self.images, self.last_seconds, self.pretrained_share = len(fold.val), 0.0, 0.0

    def add(self, trial: Trial) -> None:
        """Add a network to the average if the score does not fall."""
        started, other = self._clock.now(), load_file(str(trial.model))
        if not can_mix(self._state, other):
            return
        mixed = average(self._state, other, of=len(self.used))
        found, self.tried = self._measured(mixed, started), self.tried + 1
        if found is not None and found.score >= self.best.score:
            self._state, self.best = mixed, found
            self.used.append(trial.number)

    def interpolate(self, end: float) -> None:
        """Interpolate the average with the pretrained network if the score rises.

        Nothing is tried if no layer was trained, or after ``end``.
        """
        if self._clock.now() + self.last_seconds > end or not can_interpolate(self._run_cache, self._first):
            return
        pretrained = probed_network(self._bench, self._run_cache, self._input_size)
        trained = self._state
        for share in PRETRAINED_SHARES:
            started = self._clock.now()
            if started + self.last_seconds > end:
                break
            mixed = interpolate(trained, pretrained, share)
            found = self._measured(mixed, started)
            if found is not None and found.score > self.best.score:
                self._state, self.best, self.pretrained_share = mixed, found, share

    def _measured(self, state: State, started: float) -> FoldScore | None:
        """Return the score of a network on the validation images; None if its outputs are not finite."""
        self._model.load_state_dict(state)
        inputs = self._bench.inputs(input_size=self._input_size).val
        outputs = predict_outputs(self._model, inputs, self._bench)
        score = self._bench.measure(outputs)
        self.last_seconds = self._clock.now() - started
        finite = bool(outputs.isfinite().all())
        return FoldScore(0, score, outputs.numpy(), self.last_seconds, 0) if finite else None

    def network(self) -> nn.Module:
        """Return the network with the averaged weights."""
        self._model.load_state_dict(self._state)
        return self._model


def can_mix(one: State, other: State) -> bool:
    """Return whether two networks have equal layers and BatchNorm statistics."""
    return one.keys() == other.keys() and all(
        value.shape == other[name].shape
        and (not name.endswith(STATISTICS) or torch.equal(value, other[name]))
        for name, value in one.items()
    )


def average(state: State, other: State, *, of: int) -> dict[str, Tensor]:
    """Return the mean of several networks and one more.

    Args:
        state: The mean of the networks.
        other: The further network.
        of: The number of networks in ``state``.
    """
    return {
        name: torch.lerp(value, other[name], 1 / (of + 1)) if value.is_floating_point() else value
        for name, value in state.items()
    }


def _refusal(required: float) -> str:
    why = "it does not beat the chosen trial in validation by more than the standard error"
    return f"{why} and the expected gain of a refit on all images" if required else why

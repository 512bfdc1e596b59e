"""Model soup: average weights, if that improves the validation score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.api import Arm, FoldScore
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import expected_refit_gain
from autotl.evaluation import Soup
from autotl.finalize.ensembling.ensemble import ROUNDING
from autotl.finalize.final_model import FinalModel
from autotl.finalize.interpolation import (
    PRETRAINED_SHARE,
    STATISTICS,
    has_source,
    interpolate,
    is_tuned,
    probe_seconds,
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
        self._tuned: dict[str, bool] = {}  # asked after each trial, and found by reading a file

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of a validation pass for each network to try.

        If the average may be interpolated, the pass of the interpolation and the probe's fit are added.
        """
        phase, best = self._phase, history.best()
        every = [] if best is None else compatible_trials(history, best)
        if best is None or not every:
            return 0.0
        once = phase.pass_seconds(best, len(history.targets[0]))
        seconds = once * (len(every) - 1)
        runner, place = phase.runner, (best.arm.backbone, every[0].input_size)
        if has_source(runner.run_cache, *place) and any(map(self._is_tuned, every)):
            seconds += once + probe_seconds(runner.run_cache, runner.task, *place)
        limit = math.inf if phase.budget.seconds is None else POLICY.soup * phase.budget.seconds
        return min(limit, POLICY.margin * seconds)

    def _is_tuned(self, trial: Trial) -> bool:
        file = str(trial.model)
        if file not in self._tuned:
            run_cache = self._phase.runner.run_cache
            self._tuned[file] = is_tuned(run_cache, trial.arm.backbone, load_file(file))
        return self._tuned[file]

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with the soup's weights, if clearly better."""
        if model.adapted:  # the search has no trial that is adapted likewise
            return model
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
    probe's head. The interpolation must lead the average by more than one standard error. Only networks with
    the same BatchNorm statistics are averaged. Statistics cannot be averaged, and measuring them again takes
    passes over training images.

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
        why = _why_nothing(tasting.tried, tasting.share_tried)
        return SoupResult(Soup(tried=tasting.tried, why=why, share_tried=tasting.share_tried))
    gain, se = lead(history, winner.arm, tasting.best, winner.folds[0])
    found = Soup(
        gain - required - se > ROUNDING * history.accuracy_scale,
        tuple(tasting.used),
        tasting.tried,
        gain,
        se,
        required,
        pretrained_share=tasting.pretrained_share,
        share_tried=tasting.share_tried,
    )
    if not found.kept:
        return SoupResult(replace(found, why=_refusal(required)))
    return SoupResult(
        found, save_weights(runner.folder / "soup.safetensors", tasting.network()), tasting.best
    )


class _Tasting:
    """The average so far."""

    def __init__(self, phase: FinalPhase, winner: Trial, first: Trial) -> None:
        runner, self._clock, self._input_size = phase.runner, phase.clock, first.input_size
        self._run_cache, self._history, self._arm = runner.run_cache, phase.history, winner.arm
        backbone = runner.run_cache.backbones[winner.arm.backbone]
        fold = runner.run_cache.splits.folds[0]
        self._bench = TrialWorkbench(
            runner.run_cache, runner.task, backbone, fold, seed=0, metric=runner.metric
        )
        self._model: nn.Module = runner.run_cache.networks.new(backbone.name)
        self._state: State = load_file(str(first.model))
        self.used, self.best, self.tried = [first.number], first.folds[0], 1
        self.last_seconds, self.pretrained_share, self.share_tried = 0.0, 0.0, 0.0

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

        It must rise by more than one standard error. Nothing is tried if no layer was trained, or if the time
        until ``end`` is too short.
        """
        run_cache, place = self._run_cache, (self._bench.backbone.name, self._input_size)
        if not has_source(run_cache, *place) or not is_tuned(run_cache, place[0], self._state):
            return
        fit = probe_seconds(run_cache, self._bench.task, *place)
        if self._clock.now() + fit + self.last_seconds > end:
            return
        pretrained = probed_network(self._bench, run_cache, self._input_size)
        mixed = interpolate(self._state, pretrained, PRETRAINED_SHARE)
        found, self.share_tried = self._measured(mixed, self._clock.now()), PRETRAINED_SHARE
        if found is None:
            return
        gain, se = lead(self._history, self._arm, found, self.best)
        if gain - se > ROUNDING * self._history.accuracy_scale:
            self._state, self.best, self.pretrained_share = mixed, found, PRETRAINED_SHARE

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


def lead(history: TrialHistory, arm: Arm, one: FoldScore, other: FoldScore) -> tuple[float, float]:
    """Return the difference of two scores, with its standard error.

    Both are on the first fold. The error is about a mean of 0. About its own mean, one image more would
    always be one standard error or more.

    Args:
        history: Gives the metric and the validation images.
        arm: The arm of both networks.
        one: The score of a network.
        other: The score that is subtracted.
    """
    first, second = (
        Trial(number, arm, {}, 0, False, folds={0: fold}) for number, fold in ((-1, one), (-2, other))
    )
    gain = one.score - other.score
    paired = history.metric_standard_error(first, second)
    return gain, math.hypot(paired, gain / math.sqrt(len(history.targets[0])))


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


def _why_nothing(tried: int, share: float) -> str:
    """Return why neither another network nor the pretrained one was averaged with the leading one."""
    averaged = "no other network could be averaged with the leading one without a loss in validation"
    clearly = "does not beat the leading network in validation by more than the standard error"
    if not share:
        return averaged
    return f"it {clearly}" if tried == 1 else f"{averaged}, and the interpolation {clearly}"


def _refusal(required: float) -> str:
    why = "it does not beat the chosen trial in validation by more than the standard error"
    return f"{why} and the expected gain of a refit on all images" if required else why

"""Forecast the score of each arm before the search.

A resumed run keeps its forecasts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autotl import jsonio, report
from autotl.analysis.frozen_features import probe_outputs
from autotl.api import Arm, Strategy
from autotl.clock import Deadline, parse_duration
from autotl.errors import RunError
from autotl.forecast import (
    ACCURACY_SCALE,
    ArmForecast,
    Candidate,
    Case,
    Scale,
    forecast_arms,
    observations,
    shipped_model,
    without_hopeless,
)
from autotl.pipeline.experience import past_rows, profile_of
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.run import Run
from autotl.pipeline.validate import ValidatedCall
from autotl.preparation.additional.roles import given_roles, learnable, searched
from autotl.preparation.baseline_networks import open_baseline_networks
from autotl.search.cost_model import CostModel
from autotl.search.search_inputs import SearchSpace
from autotl.training import preserve_global_state, this_machine
from autotl.trials.arms import baseline_arms, plan_arms

MIN_CHANCE = 0.05
"""In a short time, an arm with a smaller chance to win is not started. Chosen, not measured."""
WIDENING = 2.0
"""The factor on the standard deviations for metrics other than accuracy. Chosen, not measured.

All recorded rows are accuracies.
"""


def forecasts_once(run: Run, prepared: Prepared, arms: Sequence[Arm]) -> tuple[ArmForecast, ...]:
    """Return the forecast of each arm.

    It has a reason if the arm is not started.

    Args:
        run: The run; a resumed run keeps the forecasts in ``run.json``. With enough more budget, it starts
            all arms.
        prepared: The prepared search.
        arms: The arms.

    Raises:
        RunError: The forecasts in ``run.json`` cannot be read.
    """
    if run.file.forecasts is not None:
        kept = _read(run.file.forecasts)
        if _has_more_budget(run) and not _is_short(run, _default_seconds(run, prepared, arms)):
            return tuple(replace(each, not_started="") for each in kept)
        return kept
    strategies, chosen = run.call.strategies, run.settings.search.strategies
    found = forecasts(prepared, strategies, arms, seed=run.settings.seed, past=run.settings.search.experience)
    # an earlier start without forecasts has started all arms, and additional images need counterparts
    free = run.file.decided is None and not chosen and not prepared.additional
    if not free or run.settings.budget.seconds is None or not found or prepared.metric.key != "accuracy":
        return found
    seconds = _default_seconds(run, prepared, arms)
    if not _is_short(run, seconds):
        return found
    asked = {text.partition(".")[0] for text in run.settings.search.fixed}
    return without_hopeless(found, least=MIN_CHANCE, seconds=seconds, asked=asked)


def forecasts(
    prepared: Prepared, strategies: Mapping[str, Strategy], arms: Sequence[Arm], *, seed: int, past: bool
) -> tuple[ArmForecast, ...]:
    """Forecast the score of each arm.

    Args:
        prepared: The prepared search.
        strategies: The strategies, by name.
        arms: The arms.
        seed: The seed of the run.
        past: Whether past runs on this machine are used.

    Returns:
        A forecast for each arm; () if the probe's score is unknown.
    """
    scale = _scale(prepared)
    cases = {} if scale is None else _cases(prepared, scale, seed)
    if scale is None or not cases:
        return ()
    baselines = {*baseline_arms(arms, strategies, prepared.networks)}
    rows = past_rows() if past else []
    known = {name for name, each in strategies.items() if each.baseline}
    model = shipped_model().updated(observations(rows, known))
    first = next(iter(cases.values()))
    candidates = [Candidate(arm, cases.get(arm.backbone, first), arm in baselines) for arm in arms]
    widening = 1.0 if prepared.metric.key == "accuracy" else WIDENING
    return forecast_arms(model, candidates, scale, widening=widening)


@preserve_global_state()  # strategies are asked whether they apply
def profile_forecasts(call: ValidatedCall, prepared: Prepared) -> dict[str, Any]:
    """Return the forecasts for ``when`` of a profile.

    They are those of the arms that ``fit`` would search. Networks that strategies bring are opened, because
    a strategy decides by its network if it applies.
    """
    found = learnable(call.catalog.strategies.select(()), given_roles(call.settings.data))
    strategies = searched(found)
    kept = {name: prepared.backbones[name] for name in prepared.ranking.kept}
    own = open_baseline_networks(
        strategies, prepared.task, call.settings, end=Deadline(call.clock), taken=prepared.backbones
    )
    arms, _ = plan_arms(
        strategies,
        kept,
        dict.fromkeys(own.by_name, prepared.task) | prepared.tasks,
        machine=this_machine(call.settings.device),
        own=own.networks,
    )
    settings = call.settings
    made = forecasts(prepared, strategies, arms, seed=settings.seed, past=settings.search.experience)
    rows, measure = _rows(made, prepared)
    sentences = (report.expected_scores(rows, measure), report.chances_to_win(rows, measure))
    return {"forecasts": jsonio.plain(rows), "expected": " ".join(filter(None, sentences))}


def expected(found: Sequence[ArmForecast], prepared: Prepared) -> str:
    """Return the forecasts of at most three arms as a sentence."""
    return report.expected_scores(*_rows(found, prepared))


def _rows(
    found: Sequence[ArmForecast], prepared: Prepared
) -> tuple[list[report.ForecastRow], report.Measure]:
    """Return the forecasts in the metric's own numbers, and the format of the metric."""
    metric = prepared.metric
    higher = metric.higher_is_better
    measure = report.measure_of(metric.name, higher_is_better=higher, percent=metric.percent)
    return report.forecast_rows(found, higher_is_better=higher), measure


def _read(kept: Sequence[Mapping[str, Any]]) -> tuple[ArmForecast, ...]:
    try:
        return tuple(jsonio.as_type(each, ArmForecast) for each in kept)
    except ValueError as error:
        raise RunError(
            f"The forecasts of the run cannot be read from run.json: {error}. "
            "Was it edited, or written by another version of autotl?"
        ) from error


def _scale(prepared: Prepared) -> Scale | None:
    """Return the scale of the metric; None for a user's function, which may fail on constant outputs."""
    metric, run_cache = prepared.metric, prepared.run_cache
    if metric.accuracy_like:
        return ACCURACY_SCALE
    if metric.custom:
        return None
    targets, target = run_cache.targets.numpy(), run_cache.target
    low = metric.constant_score(targets, target)
    scale = Scale(low, low + metric.accuracy_scale(targets, target))
    return scale if math.isfinite(scale.low) and math.isfinite(scale.high) else None


def _cases(prepared: Prepared, scale: Scale, seed: int) -> dict[str, Case]:
    """Return the data as each ranked backbone is given it, best backbone first."""
    profile, found = profile_of(prepared), {}
    for name in prepared.ranking.order:
        if name not in prepared.backbones:  # it was set aside, and its features are gone
            continue
        probe = _probe_score(prepared, name, seed)
        if probe is not None:
            likeness = profile_of(prepared, name).likeness
            found[name] = Case(profile.n_train, profile.n_classes, likeness, scale.logit(probe))
    return found


def _probe_score(prepared: Prepared, backbone: str, seed: int) -> float | None:
    """Return the score of the linear probe before the search; None if it was not measured."""
    measured = prepared.ranking.scores.get(backbone, {})
    if not {"probe_accuracy", "probe_skill"} & measured.keys():
        return None
    if prepared.metric.key == "accuracy":
        return measured["probe_accuracy"].value if "probe_accuracy" in measured else None
    outputs = probe_outputs(prepared.run_cache, backbone, seed=seed)
    score = prepared.metric(prepared.run_cache.targets.numpy(), outputs)
    return score if math.isfinite(score) else None


def _is_short(run: Run, seconds: Mapping[Arm, float]) -> bool:
    """Return whether the workers' time left is too short for these seconds."""
    budget = run.settings.budget.seconds
    if budget is None:
        return False
    return sum(seconds.values()) > run.settings.compute.workers * (budget - run.elapsed)


def _has_more_budget(run: Run) -> bool:
    """Return whether a resumed run has more seconds than at its last start."""
    budget, before = run.settings.budget.seconds, run.file.arguments.get("budget")
    return before is not None and (budget is None or budget > parse_duration(before))


def _default_seconds(run: Run, prepared: Prepared, arms: Sequence[Arm]) -> dict[Arm, float]:
    """Return the expected seconds of one fold of each arm's defaults."""
    machine = this_machine(run.settings.device)
    costs = CostModel(SearchSpace(arms, run.call.strategies, prepared.networks, prepared.tasks, machine))
    return {arm: costs.default_seconds(arm) for arm in arms}

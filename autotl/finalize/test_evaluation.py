"""Open the test part, once, and measure everything on it that is to be reported."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from autotl.analysis.data_issues import DataIssues
from autotl.analysis.learning_curve import stratified
from autotl.api import Arm
from autotl.backbone import latency_of, layout
from autotl.clock import Clock, Deadline
from autotl.data import LockedTest
from autotl.evaluation import (
    ArmFinding,
    ClassGain,
    FinalPredictions,
    Findings,
    Gain,
    TransferSummary,
    calibration_error,
    evaluate,
    gain,
    harmed_classes,
    mixture,
    selection_bias,
    training_gain,
)
from autotl.finalize.baseline_forecast import plateau
from autotl.finalize.ensemble import Member
from autotl.finalize.final_model import FinalModel, reopen
from autotl.finalize.gap_evidence import reasons_of
from autotl.finalize.prediction_cache import PredictionCache
from autotl.metrics import Metric
from autotl.search.arm_elimination import beaten
from autotl.search.fold_racing import trails
from autotl.seeds import derive
from autotl.training import to_device
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache

LEAST_TESTED = 100
"""Test images that are looked at however short the time, and two of each class."""
HEAD_ALONE = 0.02
"""The share of a pass that another head takes on features that are known."""

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]


def finish(
    ledger: TrialHistory,
    delivery: FinalModel,
    *,
    baselines: Collection[Arm],
    materials: RunCache,
    examined: DataIssues,
    locked: LockedTest,
    measure: Metric,
    end: Deadline,
    spare: float,
    seed: int,
) -> Findings:
    """Evaluate the model that is delivered and each arm's best trial.

    The gain of transfer is measured with as many of both sides' networks as ``spare`` seconds allow. If the
    time until ``end`` is too short for all test images, a random part of them is looked at, the same for all.
    """
    rows = locked.open("the final evaluation")
    data = materials.dataset
    every = data.table["label"].to_numpy(dtype=np.int64)
    draw, clock = derive(seed, "bootstrap"), end.clock
    if not math.isinf(end.at):  # in an order of which any beginning is a fair sample
        rows = stratified(every, rows, seed=derive(seed, "test order"))
    looks = PredictionCache(
        materials, rows, lambda name, file, side: reopen(materials, name, file, side=side)
    )

    def look(trial: Trial, weights: str | None = None) -> Logits:
        return looks.logits(trial.arm.backbone, str(weights or trial.model), side=trial.side)

    winner, temperature = delivery.trial, delivery.temperature.value
    served = delivery.members or (Member(winner, delivery.weights, 1.0),)
    best = {arm: trial for arm in ledger.arms() if (trial := ledger.best(arm)) and trial.model}
    standard = ledger.best(defaults=True)
    own = str(winner.model) if delivery.learned_no_more else delivery.weights
    answering = [(each.trial, each.weights) for each in served] if delivery.members else [(winner, own)]
    transfer = ledger.best(among=[arm for arm in best if arm not in baselines], leading=True)
    baseline = ledger.best(among=[arm for arm in best if arm in baselines], leading=True)
    compared = (*best.values(), standard, winner, transfer, baseline)
    others = [trial for trial in compared if trial and trial.model]
    shown = [*answering, *((trial, str(trial.model)) for trial in others)]
    _look_at_all(looks, shown, materials, end=end)
    rows, labels = looks.rows, every[looks.rows]
    if delivery.members:
        final = _answers(served, temperature, look)
    elif delivery.learned_no_more:  # a second pass of the same network would take as long as the first
        final = look(winner) / np.float32(temperature)
    else:
        final = look(winner, delivery.weights)
    speed = 1 / max(sum(looks.pace[file] for _, file in answering), 1e-9)
    lead: Gain | None = None
    hurt: tuple[ClassGain, ...] = ()
    if transfer and baseline:
        ours, theirs = look(transfer), look(baseline)
        several = _repeated(transfer, baseline, look, clock=clock, until=end.within(spare).at)
        learned = min(len(fold.train) for fold in materials.splits.folds)
        lead = training_gain(labels, *several, metric=measure, seed=draw, train_images=learned)
        hurt = harmed_classes(labels, ours, theirs, data.classes)
    flattery = selection_bias(
        ledger.record(winner).score,
        [(ledger.labels[fold], each.logits) for fold, each in winner.folds.items() if fold < ledger.k],
        (labels, look(winner)),
        metric=measure,
        seed=draw,
    )
    arms = {
        arm: ArmFinding(
            ledger.record(trial),
            _best_default(ledger, arm),
            evaluate(labels, look(trial), data.classes, metric=measure, seed=draw),
            _given_up(ledger, arm, trial, winner, baselines),
        )
        for arm, trial in best.items()
    }
    scores = {arm: measure(labels, look(trial)) for arm, trial in best.items()}
    gains = {arm: scores[transfer.arm] - scores[arm] for arm in baselines if transfer and arm in scores}
    if lead and baseline:  # of the networks that the verdict compares
        gains[baseline.arm] = lead.value
    return Findings(
        winner=ledger.record(winner),
        refit=delivery.refit,
        side=winner.side,
        test=evaluate(labels, final, data.classes, metric=measure, seed=draw),
        arms=arms,
        transfer=ledger.record(transfer) if transfer else None,
        baseline=ledger.record(baseline) if baseline else None,
        transfer_gain=lead,
        why_no_gain="" if lead else _why(ledger, baselines, transfer),
        negative_transfer_classes=hurt,
        search_gain=gain(labels, look(winner), look(standard), metric=measure, seed=draw)
        if standard and standard.model
        else None,
        transfer_summary=_moved(materials, winner, delivery.weights, baselines),
        images_per_second=speed,
        predictions=FinalPredictions(rows, final),
        selection_bias=flattery,
        gap_reasons=reasons_of(
            flattery,
            winner=winner,
            ledger=ledger,
            materials=materials,
            examined=examined,
            tested=rows,
            seed=derive(seed, "gap"),
            end=end,
        ),
        soup=delivery.soup,
        temperature=delivery.temperature,
        calibration_error_before=calibration_error(labels, final * temperature),
        ensemble=delivery.ensemble,
        latency=_latency(served, materials, clock),
        size=sum(Path(each.weights).stat().st_size for each in served),
        plateau=plateau(ledger, baselines, scores, gains),
    )


def _look_at_all(
    looks: PredictionCache, shown: Sequence[tuple[Trial, str]], materials: RunCache, *, end: Deadline
) -> None:
    """Show the networks as many of the test images as there is time for, and sort these."""
    files = {file: trial for trial, file in shown}
    seconds: list[float] = []
    known: set[tuple[str, int]] = set()
    for file, trial in files.items():
        facts = materials.backbones[trial.arm.backbone]
        kind = facts.name, trial.side
        again = kind in known and looks.trunks.is_source(facts.name, file)
        seconds.append(facts.pace.seconds(1, side=trial.side or facts.side) * (HEAD_ALONE if again else 1.0))
        if looks.trunks.is_source(facts.name, file):
            known.add(kind)
    looks.look_at_all(
        [(trial.arm.backbone, file, trial.side) for file, trial in files.items()],
        seconds=seconds,
        end=end,
        least=max(LEAST_TESTED, 2 * len(materials.dataset.classes)),
    )
    looks.sort()


def _answers(members: Sequence[Member], temperature: float, look: Callable[[Trial, str], Logits]) -> Logits:
    """What an ensemble says of the test images."""
    several = [look(each.trial, each.weights) for each in members]
    found: Logits = mixture(several, [each.share for each in members]) / np.float32(temperature)
    return found


def _latency(served: Sequence[Member], materials: RunCache, clock: Clock) -> float:
    """Seconds for one image by all the networks, one after the other; those of the same layers and image
    size take the same.
    """
    known: dict[tuple[str, int], float] = {}
    for each in served:
        trial = each.trial
        if (key := (trial.arm.backbone, trial.side)) not in known:
            model = reopen(materials, trial.arm.backbone, each.weights, side=trial.side).model
            known[key] = latency_of(to_device(model, materials.device), side=trial.side, clock=clock)
    return sum(known[each.trial.arm.backbone, each.trial.side] for each in served)


def _repeated(
    one: Trial, other: Trial, look: Callable[[Trial, str], Logits], *, clock: Clock, until: float
) -> tuple[list[Logits], list[Logits]]:
    """The test logits of both trials' networks: those of the first fold, and of others in turn while there is
    time. Networks of later repeats are not kept: they have learned from the same images once more, and the
    interval would narrow with every repeat beyond what these images can tell.
    """
    found = ([look(one, one.models[0])], [look(other, other.models[0])])
    folds, last = range(1, 1 + max((*one.models, *other.models))), 0.0
    for fold, (side, trial) in itertools.product(folds, enumerate((one, other))):
        if fold not in trial.models:
            continue
        began = clock.now()
        if began + last > until:
            break
        found[side].append(look(trial, trial.models[fold]))
        last = clock.now() - began
    return found


def _best_default(ledger: TrialHistory, arm: Arm) -> float | None:
    return next((ledger.score(trial) for trial in ledger.of(arm) if trial.default), None)


def _given_up(ledger: TrialHistory, arm: Arm, trial: Trial, winner: Trial, baselines: Collection[Arm]) -> str:
    """Why no more of the arm's settings were tried; "" if that was for want of time."""
    if all(each.look for each in ledger.of(arm)):
        return "only looked at: a longer training did not promise to reach the best trial, or found no time"
    return "" if arm in baselines else beaten(ledger, arm) or trails(ledger, trial, winner)


def _why(ledger: TrialHistory, baselines: Collection[Arm], transfer: Trial | None) -> str:
    if transfer is None:
        return "no transfer strategy finished a trial"
    if not baselines:
        return "no baseline that trains from scratch was among the strategies"
    tried = [trial for trial in ledger.trials.values() if trial.arm in baselines and trial.why]
    return tried[0].why if tried else "the budget ended before the baseline had scored an epoch"


def _moved(materials: RunCache, winner: Trial, weights: str, baselines: Collection[Arm]) -> TransferSummary:
    """Compare the delivered network's weights with its source's, stage by stage."""
    model = materials.source_model(winner.arm.backbone)
    source, ours = model.state_dict(), load_file(weights)
    found = layout(model)
    names = [stage.name for stage in found.stages]
    same = {name: name in ours and torch.equal(value.cpu(), ours[name]) for name, value in source.items()}
    statistics = [name for name in source if name.endswith(("running_mean", "running_var"))]
    kept = [all(same[name] for name in stage) for stage in found.parameters]
    if winner.arm in baselines:
        return TransferSummary((), (), "learned from scratch" if statistics else "the network has none")
    if not statistics:
        norm = "the network has none"
    elif all(same[name] for name in statistics):
        norm = "source statistics kept"
    elif any(same[name] for name in statistics):
        norm = "source statistics kept in frozen stages, updated in the others"
    else:
        norm = "statistics updated on the target"
    frozen = tuple(name for name, unchanged in zip(names, kept, strict=True) if unchanged)
    return TransferSummary(tuple(names), frozen, norm)

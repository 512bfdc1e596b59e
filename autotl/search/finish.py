"""Open the test part, once, and measure everything on it that is to be reported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from autotl.api import Arm, Backbone, Outcome
from autotl.data import LockedTest
from autotl.results import Evaluation, Gain, Opened, Predictor, evaluate, gain
from autotl.search.ledger import Ledger, Trial
from autotl.search.materials import Materials
from autotl.seeds import derive


@dataclass(frozen=True, slots=True)
class ClassGain:
    """A class that transfer changes measurably, in recall on the test part."""

    name: str
    gain: Gain


@dataclass(frozen=True, slots=True)
class Finish:
    """What the test part showed.

    ``test`` is the delivered model's score. ``arms`` are each arm's best trial, as trained on the first fold: all
    have learned from the same images, so they can be compared. ``transfer_gain`` is the best transfer arm's lead over
    the best baseline among these, or None, and then ``why_no_gain`` says why; ``search_gain`` is the winner's lead
    over the best default.
    """

    winner: Trial
    refit: bool
    test: Evaluation
    arms: dict[Arm, Evaluation]
    transfer_gain: Gain | None
    why_no_gain: str
    best_transfer: Trial | None
    best_baseline: Trial | None
    hurt_classes: tuple[ClassGain, ...]
    search_gain: Gain | None


def finish(
    ledger: Ledger,
    winner: Trial,
    refit: Outcome | None,
    *,
    baselines: Collection[Arm],
    materials: Materials,
    locked: LockedTest,
    measure: str,
    seed: int,
) -> Finish:
    """Evaluate the delivered model (the refit where there is one) and each arm's best trial."""
    rows = locked.open("the final evaluation")
    data = materials.dataset
    labels = data.table["label"].to_numpy(dtype=np.int64)[rows]
    draw = derive(seed, "bootstrap")
    seen: dict[int, NDArray[np.float32]] = {}

    def look(trial: Trial) -> NDArray[np.float32]:
        if trial.number not in seen:
            opened = reopen(materials, trial.arm.backbone, str(trial.model), side=trial.side)
            seen[trial.number] = Predictor(opened, device=materials.device).logits(data, rows)
        return seen[trial.number]

    def lead(one: Trial, other: Trial) -> Gain:
        return gain(labels, look(one), look(other), measure=measure, seed=draw)

    best = {arm: trial for arm in ledger.arms() if (trial := ledger.best(arm)) and trial.model}
    final = look(winner)
    if refit is not None and refit.model:
        opened = reopen(materials, winner.arm.backbone, refit.model, side=refit.side)
        final = Predictor(opened, device=materials.device).logits(data, rows)
    transfer = ledger.best(among=[arm for arm in best if arm not in baselines])
    baseline = ledger.best(among=[arm for arm in best if arm in baselines])
    standard = ledger.best(defaults=True)
    both = transfer is not None and baseline is not None
    return Finish(
        winner,
        refit is not None,
        evaluate(labels, final, data.classes, measure=measure, seed=draw),
        {
            arm: evaluate(labels, look(trial), data.classes, measure=measure, seed=draw)
            for arm, trial in best.items()
        },
        lead(transfer, baseline) if transfer and baseline else None,
        "" if both else _why(ledger, baselines, transfer),
        transfer,
        baseline,
        _hurt(labels, look(transfer), look(baseline), data.classes, draw) if transfer and baseline else (),
        lead(winner, standard) if standard and standard.model else None,
    )


def reopen(materials: Materials, backbone: str, weights: str, *, side: int) -> Opened:
    """A trial's network as it was saved."""
    facts: Backbone = materials.backbones[backbone]
    model: nn.Module = materials.model(backbone)
    model.load_state_dict(load_file(weights))
    return Opened(model.eval(), replace(facts.config, side=side), materials.dataset.classes)


def _why(ledger: Ledger, baselines: Collection[Arm], transfer: Trial | None) -> str:
    if transfer is None:
        return "no transfer strategy finished a trial"
    tried = [trial for trial in ledger.trials.values() if trial.arm in baselines]
    if not baselines:
        return "no baseline that trains from scratch was among the strategies"
    return (tried[0].why if tried else "") or "the budget ended before the baseline had scored an epoch"


def _hurt(
    labels: NDArray[np.int64],
    ours: NDArray[np.float32],
    theirs: NDArray[np.float32],
    classes: tuple[str, ...],
    seed: int,
) -> tuple[ClassGain, ...]:
    """The classes whose recall under transfer lies measurably below the baseline's."""
    found = []
    for index, name in enumerate(classes):
        mine = labels == index
        if mine.sum() >= 2:
            lead = gain(labels[mine], ours[mine], theirs[mine], measure="accuracy", seed=seed)
            if lead.ci95[1] < 0:
                found.append(ClassGain(name, lead))
    return tuple(found)

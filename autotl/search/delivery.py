"""Settle what is delivered: the winner trained on all rows, or averaged with its kin, and calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.torch import load_file
from torch import nn

from autotl.api import WHOLE, FoldScore
from autotl.backbone import ends_linear, scale_head
from autotl.results import Opened, Soup, Temperature, calibrate, write_model
from autotl.search.ledger import Ledger, Trial
from autotl.search.materials import Materials
from autotl.search.reserve import expected_of_refit, refit
from autotl.search.setup import Setup
from autotl.search.soup import SHARE, Souped, soup
from autotl.search.weights import save_weights
from autotl.search.work import Worker
from autotl.seeds import derive

Folds = Mapping[int, FoldScore]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The network that is delivered, by its ``weights``: that of ``trial``, after what is said here.

    ``refit``: it was trained again on all training rows.
    """

    trial: Trial
    weights: str
    refit: bool
    soup: Soup
    temperature: Temperature


def settle(
    worker: Worker,
    ledger: Ledger,
    winner: Trial,
    setup: Setup,
    started: float,
    *,
    hurried: bool = False,
) -> Delivery:
    """Choose by validation alone between a soup and a refit, and calibrate what is chosen.

    A soup is made of networks of the first fold. Where there is a refit it has to beat the winner by what
    the refit's further images are expected to bring, and is then delivered in its place; ``hurried`` leaves
    out both.
    """
    splits, clock, budget = worker.materials.splits, worker.clock, setup.budget
    found, again = Souped(Soup(why="the search was interrupted")), None
    if not hurried:
        due = expected_of_refit(ledger, winner, len(splits.folds), budget)
        share = float("inf") if budget.seconds is None else SHARE * budget.seconds
        found = soup(worker, ledger, winner, due=due, clock=clock, seconds=share)
        if not found.soup.kept:
            again = refit(worker, winner, splits, clock, started, budget)
    weights = found.weights or (again.models[WHOLE] if again else str(winner.model))
    said = {0: found.fold} if found.fold and found.soup.kept else winner.folds
    model = reopen(worker.materials, winner.arm.backbone, weights, side=winner.side).model
    temperature = _temperature(ledger, said, model, seed=setup.seed)
    if temperature.kept:
        cooled = scale_head(model, 1 / temperature.value)
        weights = save_weights(worker.folder / "calibrated.safetensors", cooled)
    return Delivery(winner, weights, again is not None, found.soup, temperature)


def deliver(folder: Path, materials: Materials, trial: Trial, weights: str) -> None:
    """Write a trial's network as the run's model folder."""
    opened = reopen(materials, trial.arm.backbone, weights, side=trial.side)
    backbone = materials.backbones[trial.arm.backbone]
    write_model(folder, opened.model, backbone, opened.classes, side=trial.side)


def reopen(materials: Materials, backbone: str, weights: str, *, side: int) -> Opened:
    """A trial's network as it was saved."""
    model: nn.Module = materials.model(backbone)
    model.load_state_dict(load_file(weights))
    config = replace(materials.backbones[backbone].config, side=side)
    return Opened(model.eval(), config, materials.dataset.classes)


def _temperature(
    ledger: Ledger, said: Mapping[int, FoldScore], model: nn.Module, *, seed: int
) -> Temperature:
    """The temperature of what was said of the validation images of these folds."""
    if not ends_linear(model):
        return Temperature(why="the classifier is not a linear layer that it could be folded into")
    labels = np.concatenate([ledger.labels[fold] for fold in said])
    logits = np.concatenate([each.logits for each in said.values()])
    return calibrate(labels, logits, seed=derive(seed, "temperature"))

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
from autotl.budget.refit_policy import expected_of_refit
from autotl.config.run_settings import RunSettings
from autotl.evaluation import Ensemble, Soup, Temperature, calibrate
from autotl.finalize.ensemble import Assembled, Member, ensemble
from autotl.finalize.model_soup import SHARE, Souped, soup
from autotl.finalize.refit import refit
from autotl.results import EnsembleMember, LoadedModel, write_ensemble, write_model
from autotl.seeds import derive
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import save_weights

Folds = Mapping[int, FoldScore]


@dataclass(frozen=True, slots=True)
class FinalModel:
    """The network that is delivered, by its ``weights``: that of ``trial``, after what is said here.

    ``refit``: it was trained again on all training rows. Where there are ``members``, all of these are
    delivered instead, and ``weights`` are those of the first.
    """

    trial: Trial
    weights: str
    refit: bool
    soup: Soup
    temperature: Temperature
    ensemble: Ensemble | None = None
    members: tuple[Member, ...] = ()

    @property
    def learned_no_more(self) -> bool:
        """Whether it is the trial's own network, its scores divided by the temperature."""
        return not (self.refit or self.soup.kept or self.members)


def settle(
    worker: TrialRunner,
    ledger: TrialHistory,
    winner: Trial,
    setup: RunSettings,
    started: float,
    *,
    hurried: bool = False,
    independent: bool = True,
) -> FinalModel:
    """Choose by validation alone between an ensemble, where one is asked for, a soup and a refit, and
    calibrate what is chosen.

    Ensembles and soups are made of networks of the first fold. Where there is a refit they have to beat the
    winner by what the refit's further images are expected to bring, and are then delivered in its place;
    ``hurried`` leaves out all three. Only ``independent`` folds may make the network surer of its answers.
    """
    clock, budget = worker.clock, setup.budget
    left = float("inf") if budget.seconds is None else started + budget.seconds - clock.now()
    hasty = "the search was interrupted" if hurried else "the time was up"
    found, many, again = Souped(Soup(why=hasty)), Assembled(Ensemble(why=hasty)), None
    if not hurried and left > 0:
        due = expected_of_refit(ledger, winner, budget)
        share = float("inf") if budget.seconds is None else min(SHARE * budget.seconds, left)
        found = soup(worker, ledger, winner, due=due, clock=clock, seconds=share)
        if setup.ensemble:
            many = ensemble(worker, ledger, winner, found, due=due, setup=setup)
        if many.members:
            return _together(ledger, winner, found.soup, many, seed=setup.seed, independent=independent)
        if not found.soup.kept:
            held = ledger.held_of(winner.arm.backbone)
            again = refit(worker, winner, held, clock, started, budget)
    weights = found.weights or (again.models[WHOLE] if again else str(winner.model))
    said = {0: found.fold} if found.fold and found.soup.kept else winner.folds
    model = reopen(worker.materials, winner.arm.backbone, weights, side=winner.side).model
    temperature = (
        _temperature(ledger, said, seed=setup.seed, independent=independent)
        if ends_linear(model)
        else Temperature(why="the classifier is not a linear layer that it could be folded into")
    )
    if temperature.kept:
        cooled = scale_head(model, 1 / temperature.value)
        weights = save_weights(worker.folder / "calibrated.safetensors", cooled)
    facts = many.ensemble if setup.ensemble else None
    return FinalModel(winner, weights, again is not None, found.soup, temperature, facts)


def _together(
    ledger: TrialHistory, winner: Trial, soup: Soup, many: Assembled, *, seed: int, independent: bool
) -> FinalModel:
    """An ensemble in place of all else. Its temperature is kept beside the networks, not in their weights:
    it belongs to what they say together.
    """
    if soup.kept:
        soup = replace(soup, kept=False, why="an ensemble of networks beats it in validation")
    temperature = _temperature(ledger, many.folds, seed=seed, independent=independent)
    return FinalModel(winner, many.members[0].weights, False, soup, temperature, many.ensemble, many.members)


def export(folder: Path, materials: RunCache, delivery: FinalModel) -> None:
    """Write what is delivered as the run's model folder."""
    if not delivery.members:
        deliver(folder, materials, delivery.trial, delivery.weights)
        return
    parts = (
        EnsembleMember(
            reopen(materials, each.trial.arm.backbone, each.weights, side=each.trial.side).model,
            materials.backbones[each.trial.arm.backbone],
            each.trial.side,
            each.share,
            each.trial.number,
        )
        for each in delivery.members
    )
    dataset = materials.dataset
    write_ensemble(
        folder, parts, dataset.classes, temperature=delivery.temperature.value, scale=dataset.scale
    )


def deliver(folder: Path, materials: RunCache, trial: Trial, weights: str) -> None:
    """Write a trial's network as the run's model folder."""
    opened = reopen(materials, trial.arm.backbone, weights, side=trial.side)
    backbone = materials.backbones[trial.arm.backbone]
    write_model(folder, opened.model, backbone, opened.classes, side=trial.side, scale=opened.scale)


def reopen(materials: RunCache, backbone: str, weights: str, *, side: int) -> LoadedModel:
    """A trial's network as it was saved."""
    model: nn.Module = materials.model(backbone)
    model.load_state_dict(load_file(weights))
    config = replace(materials.backbones[backbone].config, side=side)
    dataset = materials.dataset
    return LoadedModel(model.eval(), config, dataset.classes, dataset.scale)


def _temperature(ledger: TrialHistory, said: Folds, *, seed: int, independent: bool) -> Temperature:
    """The temperature of what was said of the validation images of these folds.

    Of the first repeat: an image must not be in both halves between which a temperature has to hold.
    """
    once = [fold for fold in said if fold < ledger.k]
    labels = np.concatenate([ledger.labels[fold] for fold in once])
    logits = np.concatenate([said[fold].logits for fold in once])
    return calibrate(labels, logits, seed=derive(seed, "temperature"), independent=independent)

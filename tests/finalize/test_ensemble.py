"""An ensemble is delivered where validation likes it clearly better, and the limits allow it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax

from autotl import plugins
from autotl.api import Arm, FoldScore
from autotl.backbone import heads
from autotl.budget.refit_policy import expected_of_refit
from autotl.clock import Budget, FakeClock, WallClock
from autotl.config.limits import Limits
from autotl.evaluation import Soup
from autotl.finalize.ensemble import SHARE, TEST_SHARE, TIMED, eligible, ensemble, seconds_for_ensemble
from autotl.finalize.ensemble_limits import EnsembleLimits
from autotl.finalize.final_model import export, settle
from autotl.finalize.model_soup import Souped
from autotl.pipeline.prepare import Prepared
from autotl.results import load_predictor
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner, save_weights
from autotl.trials.trial import Trial
from autotl.workbench.activation_cache import ActivationCache
from tests.support.settings import settings

SIDE = 32
ASKED = settings(trials=3, ensemble=True)
NONE = Souped(Soup())


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    strategies = plugins.load().strategies.items
    return TrialRunner(
        ready.materials, ActivationCache(ready.materials), ready.task, strategies, tmp_path / "t", WallClock()
    )


@pytest.fixture
def ledger(ready: Prepared, worker: TrialRunner) -> TrialHistory:
    """Three trials, each wrong on a third of the first fold's images, and firm on none of them."""
    labels = [np.tile(each, 6) for each in ready.materials.fold_labels()]
    ledger = TrialHistory(labels, repeats=ready.materials.splits.repeats)
    for number, strategy in enumerate(("linear_probe", "finetune", "from_scratch")):
        model = ready.materials.model("tiny")
        draw = torch.Generator().manual_seed(number)
        for value in heads(model)[0].parameters():
            value.data = 0.1 * torch.randn(value.shape, generator=draw)
        file = save_weights(worker.folder / f"{number}.safetensors", model)
        side = (SIDE, 48, SIDE)[number]
        trial = Trial(number, Arm(strategy, "tiny"), {}, 0, True, models={0: file}, side=side)
        trial.baseline = strategy == "from_scratch"
        said(ledger, trial, 0)
        ledger.trials[number] = trial
    return ledger


def said(ledger: TrialHistory, trial: Trial, fold: int) -> None:
    labels = ledger.labels[fold]
    wrong = np.arange(len(labels)) % 3 == trial.number
    logits = 2 * np.eye(3, dtype=np.float32)[np.where(wrong, (labels + 1) % 3, labels)]
    score = float((logits.argmax(1) == labels).mean())
    trial.folds[fold] = FoldScore(fold, score, logits, 1.0, 1)


def test_complementary_trials_are_delivered_together_in_place_of_a_refit(
    ready: Prepared, worker: TrialRunner, ledger: TrialHistory, tmp_path: Path
) -> None:
    winner = ledger.trials[1]
    delivery = settle(worker, ledger, winner, ASKED, 0.0)
    facts = delivery.ensemble
    assert facts is not None
    assert facts.kept, facts
    assert (set(facts.trials), facts.trials[0]) == ({0, 1, 2}, 1)  # one from scratch is among them
    assert facts.gain == pytest.approx(1 - winner.folds[0].score)
    assert facts.due == expected_of_refit(ledger, winner, ASKED.budget)
    assert facts.images == len(ledger.labels[0])
    assert not delivery.refit
    assert delivery.weights == winner.model
    export(tmp_path / "model", ready.materials, delivery)
    together = load_predictor(tmp_path / "model", device="cpu")
    rows = np.arange(6)
    alone = []
    for each in delivery.members:
        one = replace(delivery, trial=each.trial, weights=each.weights, members=())
        export(tmp_path / "one", ready.materials, one)
        alone.append(
            each.share
            * softmax(load_predictor(tmp_path / "one", device="cpu").logits(ready.dataset, rows), 1)
        )
    cooled = together.logits(ready.dataset, rows) * delivery.temperature.value
    assert np.allclose(softmax(cooled, axis=1), sum(alone), atol=1e-5)


def test_it_is_left_alone_unless_asked_for_and_in_a_hurry(worker: TrialRunner, ledger: TrialHistory) -> None:
    winner = ledger.trials[0]
    assert settle(worker, ledger, winner, settings(trials=3), 0.0, hurried=True).ensemble is None
    hasty = settle(worker, ledger, winner, ASKED, 0.0, hurried=True)
    assert hasty.members == ()
    assert hasty.ensemble is not None
    assert "interrupted" in hasty.ensemble.why


def test_trials_that_say_the_same_are_not_delivered_together(
    worker: TrialRunner, ledger: TrialHistory
) -> None:
    for trial in ledger.trials.values():
        trial.folds = {0: ledger.trials[0].folds[0]}
    found = ensemble(worker, ledger, ledger.trials[0], NONE, due=0.0, setup=ASKED)
    assert (found.members, found.ensemble.kept, found.ensemble.tried) == ((), False, 3)
    assert "no other network" in found.ensemble.why


def test_it_must_lead_by_what_is_due_and_one_standard_error(
    worker: TrialRunner, ledger: TrialHistory
) -> None:
    winner = ledger.trials[0]
    found = ensemble(worker, ledger, winner, NONE, due=0.0, setup=ASKED).ensemble
    assert found.gain is not None
    assert found.se is not None
    assert found.gain > found.se
    edge = found.gain - found.se
    assert ensemble(worker, ledger, winner, NONE, due=edge - 1e-6, setup=ASKED).ensemble.kept
    beyond = ensemble(worker, ledger, winner, NONE, due=edge + 1e-6, setup=ASKED)
    assert not beyond.members
    assert len(beyond.ensemble.trials) > 1
    assert "expected to bring" in beyond.ensemble.why


def test_a_single_image_more_is_no_lead(worker: TrialRunner, ledger: TrialHistory) -> None:
    winner, labels = ledger.trials[0], ledger.labels[0]
    for trial, wrong, firm in zip(ledger.trials.values(), ([0, 1], [0], [0, 1]), (1, 3, 1), strict=True):
        logits = 2 * firm * np.eye(3, dtype=np.float32)[labels]
        logits[wrong] = np.roll(logits[wrong], 1, axis=1)
        trial.folds = {0: FoldScore(0, float((logits.argmax(1) == labels).mean()), logits, 1.0, 1)}
    found = ensemble(worker, ledger, winner, NONE, due=0.0, setup=ASKED).ensemble
    assert found.gain == pytest.approx(1 / len(labels))
    assert found.gain == pytest.approx(found.se)
    assert not found.kept


def test_beside_a_soup_it_has_to_beat_the_soup(worker: TrialRunner, ledger: TrialHistory) -> None:
    winner, labels = ledger.trials[0], ledger.labels[0]
    right = 4 * np.eye(3, dtype=np.float32)[labels]
    good = Souped(Soup(kept=True), "soup", FoldScore(0, 1.0, right, 1.0, 1))
    found = ensemble(worker, ledger, winner, good, due=0.0, setup=ASKED).ensemble
    assert (found.kept, found.over, found.gain) == (False, "soup", 0.0)
    poor = Souped(Soup(kept=True), "soup", winner.folds[0])
    assert ensemble(worker, ledger, winner, poor, due=9.0, setup=ASKED).ensemble.kept


def test_more_folds_are_looked_at_where_the_members_have_them(
    worker: TrialRunner, ledger: TrialHistory
) -> None:
    winner, good, _ = ledger.trials.values()
    for fold in (0, 1):
        said(ledger, winner, fold)
        right = 4 * np.eye(3, dtype=np.float32)[ledger.labels[fold]]
        good.folds[fold] = FoldScore(fold, 1.0, right, 1.0, 1)
    found = ensemble(worker, ledger, winner, NONE, due=0.0, setup=ASKED)
    assert (set(found.folds), set(found.ensemble.trials), found.ensemble.tried) == ({0, 1}, {0, 1}, 2)
    assert found.ensemble.images == len(ledger.labels[0]) + len(ledger.labels[1])
    del good.folds[1]
    found = ensemble(worker, ledger, winner, NONE, due=0.0, setup=ASKED)
    assert (set(found.folds), found.ensemble.tried) == ({0}, 3)


def test_only_trials_that_kept_their_weights_and_were_not_given_up_join(ledger: TrialHistory) -> None:
    ledger.trials[0].state = "pruned"
    ledger.trials[2].models = {}
    assert eligible(ledger, ledger.trials[1]) == [ledger.trials[1]]


def test_limits_count_for_all_members_together(
    worker: TrialRunner, ledger: TrialHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = ledger.trials[0]
    size = Path(str(winner.model)).stat().st_size
    two = replace(ASKED, limits=Limits(size=2 * size + size // 2))
    found = ensemble(worker, ledger, winner, NONE, due=-1.0, setup=two).ensemble
    assert len(found.trials) == 2
    assert "more than the 8.4" in found.beyond
    one = replace(ASKED, limits=Limits(size=size + size // 2))
    found = ensemble(worker, ledger, winner, NONE, due=-1.0, setup=one).ensemble
    assert not found.kept
    assert "with any second network, their weights take 6.7" in found.why
    monkeypatch.setattr(
        "autotl.finalize.ensemble_limits.latency_of", lambda model, *, side, clock: side / 1e4
    )
    slow = replace(ASKED, limits=Limits(latency=0.0070))  # two of 32 px take 6.4 ms, one of each 8 ms
    found = ensemble(worker, ledger, winner, NONE, due=-1.0, setup=slow).ensemble
    assert set(found.trials) <= {0, 2}
    fast = replace(ASKED, limits=Limits(latency=0.006))
    found = ensemble(worker, ledger, winner, NONE, due=-1.0, setup=fast).ensemble
    assert found.why == "with any second network, one image takes them 8 ms, more than the 6 ms allowed" or (
        "6.4 ms, more than the 6 ms allowed" in found.why
    )


def test_time_is_kept_for_the_members_passes(ready: Prepared, ledger: TrialHistory) -> None:
    winner, tests = ledger.trials[0], 12
    every = list(ledger.trials.values())
    room = EnsembleLimits(ready.materials, Limits(), tests=tests, seconds=0.0, clock=FakeClock())
    assert "testing them" in room.why_not(every)
    assert room.why_not(every[:1]) == ""

    def kept(budget: float | None, *besides: str | None) -> float:
        return seconds_for_ensemble(
            ledger, ready.materials, winner, Budget(budget, 9), tests=tests, besides=besides
        )

    plain = SHARE * 1000 + 2 * TIMED  # two kinds: 32 and 48 px
    assert kept(1000.0, *(trial.model for trial in every)) == pytest.approx(plain)
    passes = sum(room.test_seconds(trial) for trial in every[1:])
    assert kept(1000.0, winner.model) == pytest.approx(plain + passes)
    assert kept(1e-6) <= (SHARE + TEST_SHARE) * 1e-6 + 2 * TIMED
    assert kept(None) == 0.0

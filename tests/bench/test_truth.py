"""Check the benchmark of the verdict: its counts, and its assumptions about the truth."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from autotl.testing import tiny_task

ROOT = Path(__file__).parents[2]


@pytest.fixture
def part(monkeypatch):
    """Return a function that imports a module of the benchmark."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.truth.{name}")


def _row(situation="helps", *, verdict="helps", gain=0.1, half=0.05, true=0.1, seconds=10.0, plateau=None):
    return {
        "situation": situation,
        "truth": "helps" if situation == "helps" else "no_measurable_difference",
        "verdict": verdict,
        "gain": gain,
        "low": gain - half,
        "high": gain + half,
        "true_gain": true,
        "cut_short": plateau is not None,
        "plateau_low": plateau[0] if plateau else float("nan"),
        "plateau_high": plateau[1] if plateau else float("nan"),
        "plateau_gain": 0.05,
        "seconds": seconds,
    }


def test_a_proportion_has_the_exact_interval(part):
    proportion = part("summary").Proportion(19, 20)
    assert proportion.value == 0.95
    # Clopper & Pearson, from tables of the beta distribution
    assert proportion.ci95 == pytest.approx((0.7513, 0.9987), abs=1e-4)
    assert part("summary").Proportion(20, 20).ci95 == pytest.approx((0.8316, 1.0), abs=1e-4)
    assert str(proportion) == "19/20 (75–100 %)"


def test_right_verdicts_and_covered_gains_are_counted_by_situation(part):
    rows = [
        _row(true=0.12),
        _row(true=0.20),
        _row(verdict="no_measurable_difference", gain=0.02, true=0.04),
        _row("nothing", verdict="no_measurable_difference", gain=0.03, true=0.01),
        _row("nothing", verdict="hurts", gain=-0.08, true=-0.06),
    ]
    helps, nothing = part("summary").summarise(rows, expected={"nothing": 0.0})
    assert (helps.situation, helps.right.count, helps.right.n) == ("helps", 2, 3)
    assert helps.expected == pytest.approx(0.12)
    assert helps.covers_tested.count == 2
    assert helps.covers_expected.count == 2
    assert helps.gain_sd == pytest.approx(0.08)
    assert helps.half_width == pytest.approx(0.05)
    assert (nothing.right.count, nothing.right.n) == (1, 2)
    assert nothing.expected == 0.0
    assert nothing.covers_expected.count == 1
    assert nothing.covers_tested.count == 2


def test_brackets_of_runs_with_a_shortened_baseline_are_counted(part):
    rows = [_row(plateau=(0.0, 0.1)), _row(plateau=(0.06, 0.1)), _row()]
    (summary,) = part("summary").summarise(rows, expected={})
    assert (summary.covers_plateau.count, summary.covers_plateau.n) == (1, 2)
    assert part("summary").summarise([_row()], expected={})[0].covers_plateau is None


def test_the_hasty_baseline_is_scratch_small_with_a_tenth_of_the_epochs(part):
    from autotl.api import Pace
    from autotl.builtin.strategies.baselines.scratch_small import ScratchSmall

    class Network:
        name, input_sizes, pace = "small_resnet", (32,), Pace(32, 1000.0, 300.0)

    task = tiny_task({"a": 50, "b": 50}, typical_size=32)
    scratch, hasty = ScratchSmall().defaults(task, Network()), part("hasty_scratch").HastyScratch()
    assert hasty.defaults(task, Network()) == {**scratch, "epochs": round(0.1 * scratch["epochs"])}
    assert hasty.baseline


@pytest.mark.parametrize("name", ["helps", "nothing", "hurts", "scratch_wins", "scratch_later", "tie"])
def test_every_situation_draws_its_data_and_names_known_strategies(part, name):
    from autotl import plugins

    situation = part("situations").SITUATIONS[name]
    images, labels = situation.data(0)
    assert len(images) == len(labels) == 4 * (situation.per_class + part("situations").TEST)
    known = {*plugins.load().strategies.items, "same_recipe", "hasty_scratch"}
    assert {*situation.strategies, *filter(None, [situation.longer_baseline])} <= known


def test_the_table_has_a_line_for_each_situation_and_gains_in_points(part):
    summary = part("summary")
    lines = summary.markdown(summary.summarise([_row(), _row()], expected={})).splitlines()
    assert len(lines) == 3
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert "| +10.0 | +10.0 | 0.0 | 5.0 |" in lines[2]


def test_the_colour_blind_network_ignores_hue(part, tmp_path):
    networks = part("networks")
    source = networks.Source("shapes", first=4, classes=3, per_class=8, difficulty=0.2)
    networks.write_colour_blind(tmp_path, source)
    model = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    x = torch.rand(4, 3, 32, 32)
    hue = torch.rand(4, 3, 32, 32)
    hue -= hue.mean(1, keepdim=True)
    with torch.inference_mode():
        same, recoloured = model(x), model(x + hue)
        darker = model(x - 0.5)
    assert torch.allclose(same, recoloured, atol=1e-4)
    assert not torch.allclose(same, darker, atol=1e-2)


def test_random_networks_of_two_seeds_differ(part, tmp_path):
    for seed in (0, 1):
        part("networks").write_random(tmp_path / str(seed), seed=seed, classes=4)
    first, second = (
        timm.create_model(f"local-dir:{tmp_path / str(seed)}", pretrained=True).conv1[0].weight
        for seed in (0, 1)
    )
    assert not torch.equal(first, second)


def test_the_same_recipe_is_that_of_from_scratch_and_transfers_nothing(part):
    from autotl.builtin.strategies.baselines.from_scratch import FromScratch

    class Bench:
        def model(self, *, pretrained=True):
            return "pretrained" if pretrained else "random"

    params = {
        "image_size": 32, "epochs": 3, "lr": 0.1, "weight_decay": 0.2, "augment": "none", "balance": "none",
    }  # fmt: skip
    strategy = part("same_recipe").SameRecipe()
    same, scratch = strategy.build(params, Bench()), FromScratch().build(params, Bench())
    assert same._model == scratch._model == "random"
    assert same._recipe == scratch._recipe
    assert not strategy.baseline


def test_source_and_target_share_no_class(part):
    situations = part("situations")
    source = situations.SOURCE
    assert source.first >= situations.CLASSES
    images, labels = situations.SITUATIONS["helps"].data(0)
    assert np.bincount(labels).tolist() == [situations.TRAIN + situations.TEST] * situations.CLASSES
    assert not np.array_equal(images, situations.SITUATIONS["helps"].data(1)[0])

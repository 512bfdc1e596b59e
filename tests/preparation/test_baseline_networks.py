"""The networks that baselines bring themselves, and which of them is used."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from autotl import plugins
from autotl.api import Applies, Arm, Backbone, DataConfig, Task, Weights
from autotl.builtin.strategies.baselines.pixels import Pixels
from autotl.cache import Store
from autotl.clock import NEVER, WallClock
from autotl.errors import RunError
from autotl.jsonio import as_type, plain
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.baseline_networks import (
    BaselineNetworks,
    open_baseline_networks,
    reopen_baseline_networks,
)
from autotl.preparation.record import NEW_RUN, BaselineNetworkRecord, backbone_record, read_record
from autotl.terminal import Silence
from autotl.testing import tiny_images
from autotl.trials.arms import plan_arms
from tests.support import fakes
from tests.support.settings import settings

CONFIG = DataConfig(32, (0.5,) * 3, (0.25,) * 3, "bilinear", 1.0, "center", fixed=False)


def weights(name: str, width: int, *, config: DataConfig = CONFIG) -> Weights:
    """A small ResNet of so many channels in its last layer."""
    args = {
        "layers": [1, 1, 0, 0], "channels": [width // 2, width, width, width], "stem_width": 8,
    }  # fmt: skip
    return Weights(name, "resnet18", "made up", pretrained=False, args=args, config=config)


SMALL, LARGE, HUGE = weights("small", 16), weights("large", 64), weights("huge", 256)


@dataclass
class Bringer(fakes.Fake):
    """A baseline with networks of its own."""

    name: str = "bringer"
    baseline: bool = True
    offered: Sequence[Weights] = (SMALL, LARGE)

    def networks(self, task: Task) -> Sequence[Weights]:
        return self.offered


def opened(
    strategy: Any,
    *,
    max_size: int | None = None,
    image_size: int | None = None,
    taken: Sequence[str] = (),
) -> BaselineNetworks:
    named: dict[str, Any] = {strategy.name: strategy, "plain": fakes.Fake("plain")}
    options = settings(max_size=max_size, image_size=image_size)
    return open_baseline_networks(named, fakes.TASK, options, end=NEVER, taken=taken)


def test_the_last_network_that_the_strategy_accepts_is_chosen() -> None:
    found = opened(Bringer(offered=(SMALL, LARGE, HUGE), applies_to=lambda net: net.name != "huge"))
    assert {name: facts.name for name, facts in found.networks.items()} == {"bringer": "large"}
    assert found.by_name.keys() == {"large"}
    assert found.refused == {}


def test_none_after_the_first_that_is_refused_is_opened() -> None:
    seen: list[str] = []

    def accepts(facts: Backbone) -> bool:
        seen.append(facts.name)
        return facts.name != "large"

    found = opened(Bringer(offered=(SMALL, LARGE, HUGE), applies_to=accepts))
    assert seen == ["small", "large"]
    assert found.by_name.keys() == {"small"}


def test_where_none_is_accepted_the_reason_is_kept() -> None:
    found = opened(Bringer(applies_to=lambda net: False))
    assert found.networks == {}
    assert found.refused == {Arm("bringer", "small"): "made up"}


def test_a_strategy_that_raises_is_left_out_with_the_reason() -> None:
    class Broken(Bringer):
        def networks(self, task: Task) -> Sequence[Weights]:
            raise ZeroDivisionError("no idea")

    found = opened(Broken())
    assert found.networks == {}
    ((arm, why),) = found.refused.items()
    assert arm.strategy == "bringer"
    assert why == "ZeroDivisionError: no idea"


def test_a_strategy_that_raises_when_asked_for_a_network_keeps_those_it_took_before() -> None:
    class Broken(Bringer):
        def applies(self, task: Task, backbone: Backbone) -> Applies:
            if backbone.name == "large":
                raise ZeroDivisionError("no idea")
            return Applies(True, "made up")

    assert opened(Broken()).by_name.keys() == {"small"}
    none = opened(Broken(offered=(LARGE,)))
    assert none.networks == {}
    assert none.refused == {Arm("bringer", "large"): "ZeroDivisionError: no idea"}


def test_a_network_that_cannot_be_made_is_left_out_with_the_reason() -> None:
    wrong = Weights("wrong", "resnet18", "made up", pretrained=False, args={"no_such": 1}, config=CONFIG)
    found = opened(Bringer(offered=(wrong,)))
    assert found.networks == {}
    assert "no_such" in found.refused[Arm("bringer", "wrong")]
    assert opened(Bringer(offered=(SMALL, wrong))).by_name.keys() == {"small"}


def test_limits_hold_for_them_too() -> None:
    found = opened(Bringer(offered=(SMALL, LARGE, HUGE)), max_size=200_000)
    assert found.by_name.keys() == {"small"}
    none = opened(Bringer(offered=(HUGE,)), max_size=200_000)
    assert none.networks == {}
    assert "misses the limits" in none.refused[Arm("bringer", "huge")]


def test_the_image_size_that_was_asked_for_is_taken_unless_the_network_has_its_own() -> None:
    free = opened(Bringer(), image_size=48).by_name["large"]
    assert (free.input_sizes, free.input_size) == ((48,), 48)
    fixed = Pixels().networks(fakes.TASK)
    (own,) = opened(Bringer(offered=fixed), image_size=48).networks.values()
    assert (own.input_sizes, own.input_size) == ((16,), 16)


def reopened(known: Mapping[str, BaselineNetworkRecord]) -> BaselineNetworks:
    return reopen_baseline_networks(known, fakes.TASK, settings(), end=NEVER)


def test_a_resumed_run_takes_the_network_that_it_had() -> None:
    """With the image sizes and the pace of then, whether or not its strategy is still installed."""
    then = opened(Bringer()).networks["bringer"]
    seen = replace(backbone_record(then.name, then), input_sizes=(17,))
    found = reopened({"bringer": BaselineNetworkRecord(then.weights, seen)})
    assert found.by_name.keys() == {"large"}
    assert found.networks["bringer"].input_sizes == (17,)
    assert found.networks["bringer"].pace == then.pace


def test_what_was_chosen_is_read_back_from_json() -> None:
    (then,) = opened(Bringer(offered=Pixels().networks(fakes.TASK))).networks.values()
    known = {"pixels": BaselineNetworkRecord(then.weights, backbone_record(then.name, then))}
    assert as_type(json.loads(json.dumps(plain(known))), dict[str, BaselineNetworkRecord]) == known


def test_a_network_of_other_layers_is_an_error() -> None:
    then = opened(Bringer()).networks["bringer"]
    seen = backbone_record(then.name, then)
    with pytest.raises(RunError, match="the weights of small differ"):
        reopened({"bringer": BaselineNetworkRecord(SMALL, seen)})


def test_no_network_has_the_name_of_a_backbone() -> None:
    found = opened(Bringer(), taken=["small"])
    assert found.networks == {}
    assert "Rename one of them" in found.refused[Arm("bringer", "small")]


def test_arms_are_on_its_own_network_alone() -> None:
    strategies: dict[str, Any] = {"bringer": Bringer(), "plain": fakes.Fake("plain")}
    backbones = {name: fakes.backbone(name) for name in ("one", "two")}
    own = {"bringer": fakes.backbone("small")}
    tasks = dict.fromkeys([*backbones, "small"], fakes.TASK)
    arms, _ = plan_arms(strategies, backbones, tasks, machine=fakes.MACHINE, own=own)
    assert arms == [Arm("bringer", "small"), Arm("plain", "one"), Arm("plain", "two")]
    arms, skipped = plan_arms(strategies, backbones, tasks, machine=fakes.MACHINE)
    assert arms == [Arm("plain", "one"), Arm("plain", "two")]
    assert skipped == {}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("cache"), Bringer())


def prepared(folder: Path, strategy: Any, record: Any = NEW_RUN) -> Prepared:
    offered = Plugins.of(plugins.load(), {"bringer": strategy})
    return prepare(
        settings(data=tiny_images(classes=3, each=20), backbone="tiny"),
        replace(offered, similarities={}, transferabilities={}),
        Services(Store(folder), WallClock(), Silence()),
        record,
    )


def own(ready: Prepared) -> Mapping[str, BaselineNetworkRecord]:
    assert ready.record.plan is not None
    return ready.record.plan.baseline_networks


def test_what_was_chosen_is_among_what_was_decided(first: Prepared) -> None:
    assert first.backbones.keys() == {"tiny"}
    assert first.networks.keys() == {"tiny", "large"}
    assert own(first).keys() == {"bringer"}
    assert first.record.opening is not None
    assert first.record.opening.backbones.keys() == {"tiny"}
    assert first.run_cache.backbones.keys() == {"tiny", "large"}


def test_what_was_decided_can_be_written_down_and_older_runs_had_none(first: Prepared) -> None:
    told: Any = plain(first.record)
    assert read_record(told) == first.record
    del told["plan"]["baseline_networks"]
    assert first.record.plan is not None
    assert read_record(told) == replace(first.record, plan=replace(first.record.plan, baseline_networks={}))


def test_the_flat_record_of_the_previous_version_is_read(first: Prepared) -> None:
    told: Any = plain(first.record)
    parts = [part for part in told.values() if isinstance(part, dict)]
    flat: Any = {name: value for name, value in told.items() if not isinstance(value, dict)}
    for part in parts:
        flat |= part
    flat["own"] = flat.pop("baseline_networks")
    flat["wider"], flat["wider_split"] = flat.pop("extra_images"), flat.pop("extra_split")
    for each in flat["own"].values():
        each["seen"] = each.pop("backbone")
    for seen in (*flat["backbones"].values(), *(each["seen"] for each in flat["own"].values())):
        seen["side"], seen["sides"] = seen.pop("input_size"), seen.pop("input_sizes")
        seen["pace"]["side"] = seen["pace"].pop("input_size")
    for each in flat["own"].values():
        each["weights"]["config"]["side"] = each["weights"]["config"].pop("input_size")
    assert read_record(flat) == first.record


def test_what_was_decided_holds_when_the_run_is_resumed(first: Prepared, tmp_path: Path) -> None:
    picky = Bringer(offered=(SMALL, LARGE, HUGE), applies_to=lambda net: net.name == "small")
    again = prepared(tmp_path, picky, first.record)
    assert again.baseline_networks.networks == first.baseline_networks.networks
    assert own(again) == own(first)


def test_a_plugin_that_offers_other_layers_by_now_changes_nothing(first: Prepared, tmp_path: Path) -> None:
    other = Bringer(offered=(SMALL, weights("large", 128)))
    assert (
        prepared(tmp_path, other, first.record).baseline_networks.networks == first.baseline_networks.networks
    )


def test_the_trials_of_a_plugin_that_is_gone_keep_their_network(first: Prepared, tmp_path: Path) -> None:
    again = prepared(tmp_path, fakes.Fake("plain"), first.record)
    assert again.networks.keys() == {"tiny", "large"}

"""Settings that are declared once: defaults, search space and checks follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Beat, Score, TargetSpec, roles_of
from autotl.errors import TrainingError
from autotl.toolbox import Choice, Chosen, Epochs, Float, InputSize, Int, strategy


class Lowest:
    """A space that answers with the low end, and records what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        self.asked[name] = (low, high, log)
        return low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked[name] = (low, high, log)
        return low

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.asked[name] = list(choices)
        return choices[0]


@strategy(
    reference="none",
    image_size=InputSize(epochs=4),
    epochs=Epochs(4),
    lr=Float(1e-3, low=1e-4, high=1e-2, log=True),
    depth=Int(1, low=0, high=3),
    norm=Choice("frozen", ("frozen", "batch")),
)
def declared(bench, *, image_size, epochs, lr, depth, norm):  # type: ignore[no-untyped-def]
    """Do nothing at all.

    More words.
    """
    yield bench.beat()


def test_the_function_gives_name_and_summary() -> None:
    assert (declared.name, declared.summary, declared.api) == ("declared", "Do nothing at all", 2)


def test_defaults_and_suggestions_have_the_declared_keys(fakes: ModuleType) -> None:
    space = Lowest()
    defaults = declared.defaults(fakes.TASK, fakes.backbone())
    suggested = declared.suggest(space, fakes.TASK, fakes.backbone())
    assert list(defaults) == list(suggested) == ["image_size", "epochs", "lr", "depth", "norm"]
    assert defaults == {"image_size": 64, "epochs": 4, "lr": 1e-3, "depth": 1, "norm": "frozen"}
    assert space.asked == {
        "image_size": [32, 64],
        "epochs": (1, 8, True),
        "lr": (1e-4, 1e-2, True),
        "depth": (0, 3, False),
        "norm": ["frozen", "batch"],
    }


def test_a_short_trial_has_smaller_images_and_fewer_epochs(fakes: ModuleType) -> None:
    short = replace(fakes.TASK, trial_seconds=0.5)
    found = declared.defaults(short, fakes.backbone())
    assert found["image_size"] == 32
    assert 1 <= found["epochs"] < 4
    longer = declared.cost(
        declared.defaults(fakes.TASK, fakes.backbone()), short, fakes.backbone(), fakes.MACHINE
    )
    assert 0 < declared.cost(found, short, fakes.backbone(), fakes.MACHINE).seconds < longer.seconds


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lr": 1.0}, r"lr must be a number in \[0\.0001, 0\.01\] \(got 1\.0\)"),
        ({"lr": "fast"}, r"lr must be a number"),
        ({"depth": 1.5}, r"depth must be a whole number \(got 1\.5\)"),
        ({"depth": True}, r"depth must be a whole number"),
        ({"norm": "layer"}, r"norm must be one of 'frozen', 'batch' \(got 'layer'\)"),
        ({"epochs": 0}, r"epochs must be a number in \[1, 8\]"),
        ({"speed": 1}, r"The settings of declared must be image_size, epochs"),
    ],
)
def test_wrong_settings_are_named(changed: dict[str, Any], said: str, fakes: ModuleType) -> None:
    params = {**declared.defaults(fakes.TASK, fakes.backbone()), **changed}
    with pytest.raises(TrainingError, match=said):
        declared.check(params)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Float(2.0, low=0.0, high=1.0),
        lambda: Float(0.0, low=0.0, high=1.0, log=True),
        lambda: Int(5, low=0, high=3),
        lambda: Choice("c", ("a", "b")),
    ],
)
def test_a_default_outside_its_range_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(TrainingError, match="default must"):
        wrong()


def test_a_function_without_the_settings_is_refused() -> None:
    with pytest.raises(
        TrainingError, match=r"must take its settings as keyword-only arguments \(got none; lr"
    ):

        @strategy(reference="none", lr=Float(0.1, low=0.0, high=1.0))
        def odd(bench):  # type: ignore[no-untyped-def]
            yield bench.beat()


def test_attributes_are_given_beside_the_settings(fakes: ModuleType) -> None:
    @strategy(
        reference="none",
        additional=("unlabelled",),
        counterpart="linear_probe",
        targets=("single_label", "regression"),
        lr=Float(0.1, low=0.0, high=1.0),
    )
    def taught(bench, *, lr):  # type: ignore[no-untyped-def]
        yield bench.beat()

    assert (taught.additional, taught.counterpart, [*taught.settings]) == (
        ("unlabelled",),
        "linear_probe",
        ["lr"],
    )
    assert roles_of(taught) == ("unlabelled",)
    several = replace(fakes.TASK, target=TargetSpec("multi_label", ("a", "b")))
    answer = taught.applies(several, fakes.backbone())
    assert (answer.ok, answer.why) == (
        False,
        "it needs images with one class each or numbers, and these have several labels",
    )
    assert taught.applies(fakes.TASK, fakes.backbone()).ok
    assert (declared.additional, declared.counterpart) == ((), "")
    assert declared.applies(several, fakes.backbone()).ok


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"additional": "unlabelled"}, r"additional must be a tuple of unlabelled, source"),
        ({"additional": ("pictures",)}, r"additional must be a tuple of .*\(got \('pictures',\)\)"),
        ({"targets": ("classes",)}, r"targets must be a tuple of single_label, multi_label, regression"),
        ({"counterpart": 3}, r"counterpart must be the name of a strategy \(got 3\)"),
    ],
)
def test_attributes_of_another_form_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        strategy(reference="none", **wrong)


def test_a_setting_may_have_the_name_of_an_attribute() -> None:
    @strategy(reference="none", targets=Int(3, low=1, high=9))
    def counting(bench, *, targets):  # type: ignore[no-untyped-def]
        yield bench.beat()

    assert [*counting.settings] == ["targets"]
    assert len(counting.targets) == 3


def test_a_value_that_declares_nothing_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"The setting lr must be a Float, Int, Choice"):
        strategy(reference="none", lr=0.1)


def test_input_sizes_of_frozen_features_go_up_to_the_cached_one(fakes: ModuleType) -> None:
    space, chosen = Lowest(), Chosen(fakes.TASK, replace(fakes.backbone(), input_size=32))
    assert InputSize().default_for(chosen) == 32
    InputSize().suggest(space, "image_size", chosen)
    assert space.asked["image_size"] == [32]


def test_steps_are_what_the_function_yields(fakes: ModuleType) -> None:
    class Bench:
        def beat(self) -> Beat:
            return Beat(0.5)

    params = declared.defaults(fakes.TASK, fakes.backbone())
    assert list(declared.build(params, Bench()).fit()) == [Beat(0.5)]  # type: ignore[arg-type]
    assert not issubclass(Beat, Score)

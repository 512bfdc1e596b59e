"""``autotl try`` says what a strategy did, and which checks fail."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NoReturn

import pytest

from autotl import cli, plugins
from autotl.api import Applies, Backbone, Task
from autotl.authoring.trying import try_strategy
from tests.testing.honest import Honest


def test_it_says_what_a_strategy_did() -> None:
    found = try_strategy(Honest())
    facts = dict(found.facts)
    assert found.failures == ()
    assert facts["settings"].startswith("lr=0.003, epochs=6, freeze=1")
    assert "guessing gives 0.33" in facts["score"]
    assert facts["unchanged"].startswith("stem") or "% of the weights" in facts["unchanged"]
    assert "s expected" in facts["cost"]
    assert "as scored, at 32 px" in facts["delivered"]


class Raising(Honest):
    """A strategy whose learner cannot be built."""

    def build(self, *arguments: object, **options: object) -> NoReturn:
        raise AttributeError("no such name")


def test_an_error_names_its_line_and_each_check_that_it_ended() -> None:
    (found,) = try_strategy(Raising()).failures
    assert found.message.startswith("The strategy raised AttributeError: no such name (test_trying.py, line ")
    assert {"learns", "progress", "resume"} <= {found.check, *found.also}


def test_nothing_else_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    try_strategy(Raising())
    assert capfd.readouterr() == ("", "")


def test_failures_are_listed_with_their_cause() -> None:
    found = try_strategy(Honest("ignores weights"))
    assert [each.check for each in found.failures] == ["weights"]


def test_a_strategy_that_raises_has_no_facts() -> None:
    found = try_strategy(Honest("not a stock network"))
    assert found.facts == ()
    assert "must have the tensors of timm's" in found.failures[-1].message


def test_an_error_of_applies_is_a_finding() -> None:
    class Broken(Honest):
        def applies(self, task: Task, backbone: Backbone) -> Applies:
            raise KeyError("a mistake")

    found = try_strategy(Broken())
    assert found.facts == ()
    assert [each.check for each in found.failures] == ["applies"]
    assert "a mistake" in found.failures[0].message


def test_a_strategy_that_does_not_apply_is_not_trained() -> None:
    class Choosy(Honest):
        def applies(self, task: Task, backbone: Backbone) -> Applies:
            return Applies(False, "it needs a million images")

    assert try_strategy(Choosy()).facts == (("applies", "not to the tiny images: it needs a million images"),)


def test_it_needs_no_test_framework() -> None:
    code = "import sys; sys.modules['pytest'] = None; import autotl.authoring.trying"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_prints_facts_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.guarded(lambda: cli.app(["try", "linear_probe", "--json"], standalone_mode=False)) in (0, None)
    document = json.loads(capsys.readouterr().out)
    assert document["strategy"] == "linear_probe"
    assert document["failures"] == []


def test_an_unknown_strategy_is_an_error() -> None:
    with pytest.raises(LookupError, match="linear_probe"):
        plugins.load().strategies["linear_prob"]

"""Every option is declared once, and the public calls agree with the declaration."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

import autotl
from autotl.cli.generated_options import PANELS, names_for
from autotl.config.run_config import RunConfig, all_options
from autotl.config.run_settings import resolve

OF_THE_CALL = {"out", "resume", "watch"}
"""Arguments of ``fit`` that are no options of a run."""


def parameters(call: Any) -> dict[str, Any]:
    return {name: each.default for name, each in signature(call).parameters.items()}


def test_the_arguments_of_fit_and_their_defaults_are_those_of_the_options() -> None:
    found = parameters(autotl.fit)
    assert set(found) - OF_THE_CALL == set(all_options())
    defaults = {name: default for name, default in found.items() if name not in {"data", *OF_THE_CALL}}
    assert RunConfig.of(**defaults) == RunConfig()


def test_analyze_has_the_options_that_say_so() -> None:
    found = parameters(autotl.analyze)
    assert set(found) - {"watch"} == {name for name, each in all_options().items() if each.option.in_analyze}
    defaults = {name: default for name, default in found.items() if name not in {"data", "watch"}}
    assert RunConfig.of(**defaults) == RunConfig()


def test_resume_has_the_options_that_may_change_and_those_to_give_again() -> None:
    again = {"data", "source", "unlabelled", "deploy", "metric", "storage"}
    changing = {name for name, each in all_options().items() if each.option.resumable}
    assert set(parameters(autotl.resume)) - {"run", "watch"} == changing | again
    assert {"metric", "storage", *changing} == set(names_for("resume"))


def test_the_command_line_has_every_option_of_fit_in_a_known_panel() -> None:
    options = all_options()
    assert set(names_for("fit")) == set(options) - {"data"}
    assert {each.option.panel for each in options.values()} == set(PANELS)
    assert all(each.option.help for each in options.values())


def test_a_name_alone_is_a_list_of_one() -> None:
    config = RunConfig.of(backbone="tiny", strategies="finetune", without=(name for name in ("a", "b")))
    assert config.model.backbone == ("tiny",)
    assert config.search.strategies == ("finetune",)
    assert config.search.without == ("a", "b")
    assert RunConfig.of(backbone=[]).model.backbone == ("auto",)


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(TypeError, match="epochs is not an option"):
        RunConfig.of(epochs=3)


def test_options_come_back_by_name() -> None:
    config = RunConfig.of(seed=3, device="cpu", clean="drop", max_size="1MB")
    assert RunConfig.of(**config.arguments()) == config


def test_a_password_is_not_in_the_text_of_the_options() -> None:
    config = RunConfig.of(storage="postgresql://me:secret@host/runs", trials=1)
    assert "secret" not in repr(config) + repr(resolve(config))

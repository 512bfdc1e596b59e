"""The version of the plugin API that a strategy is written for."""

from __future__ import annotations

import pytest

from autotl import plugins
from autotl.errors import PluginError
from autotl.toolbox import strategy


def test_a_strategy_of_another_version_of_the_api_is_left_out_with_one_sentence() -> None:
    class Old:
        name, summary, reference, baseline = "old", "of version 1", "none", False

    with pytest.raises(PluginError, match="'old' is written for version 1 of the plugin API"):
        plugins.Catalog().strategies.check(Old())


def test_a_strategy_made_by_a_decorator_has_the_version_of_its_author(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @strategy(api=2, reference="none")
    def stated(bench):  # type: ignore[no-untyped-def]
        """Do nothing at all."""
        yield bench.beat()

    @strategy(reference="none")
    def unstated(bench):  # type: ignore[no-untyped-def]
        """Do nothing at all."""
        yield bench.beat()

    plugins.Catalog().strategies.check(stated)
    monkeypatch.setattr(plugins, "VERSION", 3)
    for each in (stated, unstated):
        with pytest.raises(PluginError, match=f"'{each.name}' is written for version 2 of the plugin API"):
            plugins.Catalog().strategies.check(each)

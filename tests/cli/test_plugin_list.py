"""The list of plugins: origin, hook and state of each, at any width."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from autotl import hookimpl, plugins
from autotl.cli.plugin_list import plugin_lines, plugin_rows


class Watcher:
    """Watch the trials."""

    @hookimpl
    def autotl_trial_finished(self, record: object) -> None:
        del record


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> plugins.Catalog:
    module = ModuleType("watching_for_tests")
    module.watcher = Watcher()  # type: ignore[attr-defined]  # a module made for this test
    monkeypatch.setitem(__import__("sys").modules, "watching_for_tests", module)
    built_in = plugins.entry_points(group=plugins.GROUP)
    return plugins.load(
        [
            *(point for point in built_in if point.value.startswith("autotl.builtin.strategies")),
            EntryPoint("watcher", "watching_for_tests:watcher", "autotl"),
            EntryPoint("gone", "no_such_module_for_tests", "autotl"),
        ]
    )


def test_each_row_has_its_hooks_and_state(catalog: plugins.Catalog) -> None:
    rows = {row["name"]: row for row in plugin_rows(catalog)}
    assert rows["finetune"]["hooks"] == "autotl_strategies"
    assert rows["finetune"]["state"] == "default"
    assert rows["from_scratch"]["state"] == "not searched unless named"
    assert rows["watcher"]["hooks"] == "autotl_trial_finished"


@pytest.mark.parametrize("width", [60, 120])
def test_lines_fit_the_width(catalog: plugins.Catalog, width: int) -> None:
    lines = [*plugin_lines(plugin_rows(catalog), catalog.broken, width=width)]
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "from_scratch [not searched unless named]: the backbone" in text
    assert "watcher [? ?]: Watch the trials" in text
    assert "broken (left out) gone: ModuleNotFoundError" in text

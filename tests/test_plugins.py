"""Check that plugins are loaded, checked and excluded, and that broken ones do no harm."""

from __future__ import annotations

import sys
import textwrap
import warnings
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

import autotl
from autotl import plugins
from autotl.errors import PluginError, SearchError, UnknownName
from autotl.terminal import Silence
from autotl.testing import tiny_images

Install = Callable[..., EntryPoint]

REPORTER = """
    from autotl import hookimpl

    class Slides:
        name, summary = "slides", "slides.md, to be talked over"
        def write(self, report, folder):
            return []

    @hookimpl
    def autotl_reporters():
        return [Slides()]
"""
OBSERVER = """
    from autotl import hookimpl

    seen = []

    @hookimpl
    def autotl_search_started(plan):
        seen.append(plan)
"""
FAILING_OBSERVER = """
    from autotl import hookimpl

    @hookimpl
    def autotl_search_started(plan):
        raise RuntimeError("no ink")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution with one plugin, as pip does."""

    def put(plugin: str, code: str, *, dist: str | None = None) -> EntryPoint:
        dist = dist or f"autotl-{plugin}"
        place, module = tmp_path / dist, f"{dist}_{plugin}".replace("-", "_")
        about = place / f"{dist.replace('-', '_')}-1.2.dist-info"
        about.mkdir(parents=True)
        (place / f"{module}.py").write_text(textwrap.dedent(code))
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        (about / "entry_points.txt").write_text(f"[autotl]\n{plugin} = {module}\n")
        monkeypatch.syspath_prepend(str(place))
        monkeypatch.delitem(sys.modules, module, raising=False)
        return next(p for p in entry_points(group="autotl") if p.value == module)

    return put


def test_built_in_and_other_plugins_are_loaded_the_same_way(install: Install) -> None:
    install("slides", REPORTER)
    origins = plugins.load().reporters.origins
    assert origins["html"].distribution == "autotl"
    assert origins["slides"] == plugins.Origin("slides", "autotl-slides", "1.2")


def test_no_built_in_is_broken() -> None:
    found = plugins.load()
    assert found.broken == {}
    assert all(registry.items for registry in found.registries().values()), (
        "every hook that offers is used by a built-in"
    )


@pytest.mark.parametrize("name", ["report_html", "html"])
def test_a_built_in_can_be_excluded_by_its_name_or_its_plugin(name: str) -> None:
    found = plugins.load(without=[name])
    assert "html" not in found.reporters.items
    assert "json" in found.reporters.items


def test_another_plugin_can_be_excluded_the_same_way(install: Install) -> None:
    point = install("talk", REPORTER)
    for name in ("talk", "slides"):
        assert plugins.load([point], without=[name]).reporters.items == {}


def test_the_error_for_an_unknown_excluded_name_suggests_a_similar_one() -> None:
    with pytest.raises(UnknownName, match=r"No plugin called 'finetun'\. Did you mean 'finetune'"):
        plugins.load(without=["finetun"])


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "ZeroDivisionError"),
        (REPORTER.replace("[Slides()]", "[Slides(), 1 / 0]"), "ZeroDivisionError"),
        (REPORTER.replace("autotl_reporters", "autotl_reporter"), "unknown hook 'autotl_reporter'"),
        (
            OBSERVER.replace("(plan)", "(plans)"),
            "{'plans'} are declared in the hookimpl but can not be found",
        ),
    ],
    ids=["missing import", "raises at import", "raises in a hook", "misspelt hook", "misspelt argument"],
)
def test_a_broken_plugin_is_recorded_and_the_others_work(install: Install, code: str, why: str) -> None:
    points = [install("bad", code), install("slides", REPORTER)]
    found = plugins.load(points)
    assert why in found.broken["bad"]
    assert list(found.broken) == ["bad"]
    assert list(found.reporters.items) == ["slides"]
    assert not found.manager.has_plugin("bad")


def test_an_excluded_plugin_is_not_loaded(install: Install) -> None:
    assert plugins.load([install("bad", "1 / 0")], without=["bad"]).broken == {}


def test_the_error_for_equal_names_has_both_distributions_and_a_solution(install: Install) -> None:
    points = [install("slides", REPORTER), install("talk", REPORTER)]
    with pytest.raises(PluginError, match="Two plugins offer a reporter called 'slides'") as caught:
        plugins.load(points)
    for part in ("autotl-slides 1.2", "autotl-talk 1.2", "--without talk"):
        assert part in str(caught.value)
    assert list(plugins.load(points, without=["talk"]).reporters.items) == ["slides"]


def test_two_plugins_with_one_name_are_both_loaded(install: Install) -> None:
    points = [install("mine", OBSERVER, dist="autotl-one"), install("mine", REPORTER, dist="autotl-two")]
    found = plugins.load(points)
    assert "mine" in found.broken
    found.notify("search_started", plan=None, folder=Path(), records=[])
    assert sys.modules["autotl_one_mine"].seen == [None]


def test_errors_suggest_a_similar_name() -> None:
    registry = plugins.load().strategies
    with pytest.raises(UnknownName, match=r"No strategy called 'linear_prob'\. Did you mean 'linear_probe'"):
        registry["linear_prob"]
    with pytest.raises(UnknownName):
        registry.select(["linear_probe", "linear_prob"])


def test_without_names_all_are_selected_and_names_keep_their_order() -> None:
    registry = plugins.load().strategies
    on_request = {name for name, each in registry.items.items() if getattr(each, "on_request", False)}
    assert "from_scratch" in on_request
    assert {*registry.items} - {*registry.select([])} == on_request
    assert list(registry.select(["from_scratch", "direct"])) == ["from_scratch", "direct"]
    assert list(registry.select(["linear_probe", "finetune"])) == ["linear_probe", "finetune"]


def test_plugins_for_use_on_request_must_be_named(install: Install) -> None:
    told = REPORTER.replace('name, summary = "slides"', 'on_request = True\n        name, summary = "slides"')
    registry = plugins.load(
        [install("quiet", told), install("loud", REPORTER.replace('"slides"', '"loud"'))]
    ).reporters
    assert list(registry.select([])) == ["loud"]
    assert list(registry.select(["slides"])) == ["slides"]


def test_an_incomplete_plugin_is_recorded_with_the_missing_members(install: Install) -> None:
    found = plugins.load([install("odd", REPORTER.replace("[Slides()]", "['slides']"))])
    assert "'slides' is not a reporter: it has no name, summary, write" in found.broken["odd"]
    assert not found.reporters.items


def test_an_observer_that_raises_is_dropped_and_the_others_are_called(install: Install) -> None:
    points = [install("a", FAILING_OBSERVER), install("b", OBSERVER), install("c", FAILING_OBSERVER)]
    found = plugins.load(points)
    with pytest.warns(RuntimeWarning, match="no ink") as caught:
        found.notify("search_started", plan=None, folder=Path(), records=[])
    assert [str(each.message).split("'")[1] for each in caught] == ["a", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.notify("search_started", plan=None, folder=Path(), records=[])
    assert sys.modules["autotl_b_b"].seen == [None, None]


WITNESS = """
    from autotl import hookimpl

    seen = []

    @hookimpl
    def autotl_search_started(plan, folder, records):
        seen.append(("started", folder, [record.number for record in records]))

    @hookimpl
    def autotl_trial_finished(record):
        seen.append(record.number)

    @hookimpl
    def autotl_search_finished(result):
        seen.append(("finished", result.folder))

    @hookimpl
    def autotl_search_ended():
        seen.append("ended")
"""


def test_an_observer_is_called_in_a_run_and_its_continuation(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("witness", WITNESS)
    out, asked = tmp_path / "run", {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe"}
    data = tiny_images(classes=2, each=12)
    autotl.fit(data, out=out, trials=1, watch=Silence(), experience=False, **asked)  # type: ignore[arg-type]
    seen = sys.modules["autotl_witness_witness"].seen
    assert (seen[0], seen[-2:]) == (("started", out, []), [("finished", out), "ended"])
    seen.clear()
    autotl.fit(data, out=out, trials=2, resume=True, watch=Silence())
    assert (seen[0], seen[-2:]) == (("started", out, [0]), [("finished", out), "ended"])
    assert seen[1] == 1  # finished trials are not repeated, unless they run on more folds


def test_an_observer_is_called_at_the_end_of_a_failed_run(install: Install, tmp_path: Path) -> None:
    install("witness", WITNESS)
    with pytest.raises(SearchError, match="knows 0 of the 2 classes"):
        autotl.fit(
            tiny_images(classes=2, each=12),
            out=tmp_path / "run",
            backbone="tiny",
            strategies="direct",
            watch=Silence(),
        )
    assert sys.modules["autotl_witness_witness"].seen == ["ended"]


def test_a_resumed_run_excludes_the_same_observer(install: Install, tmp_path: Path) -> None:
    install("witness", WITNESS)
    out, data = tmp_path / "run", tiny_images(classes=2, each=12)
    autotl.fit(
        data,
        out=out,
        trials=1,
        backbone="tiny",
        image_size=32,
        strategies="linear_probe",
        without=["witness"],
        watch=Silence(),
        experience=False,
    )
    autotl.fit(data, out=out, trials=2, resume=True, watch=Silence())
    assert sys.modules["autotl_witness_witness"].seen == []


def test_a_plain_observer_is_listed_and_changes_no_result(install: Install) -> None:
    install("diary", OBSERVER)
    catalog = plugins.load()
    assert catalog.observers["diary"].version == "1.2"
    assert "autotl-diary" not in catalog.versions()
    assert "diary" in catalog.names()


def test_the_error_for_a_plugin_without_hooks_lists_them(install: Install) -> None:
    install("mute", "def autotl_strategies(): return []")
    assert "@autotl.hookimpl" in plugins.load().broken["mute"]


def test_a_name_that_is_not_a_string_makes_a_plugin_broken(install: Install) -> None:
    found = plugins.load([install("talk", REPORTER.replace('name, summary = "slides"', "name, summary = 5"))])
    assert "The name of a reporter must be a non-empty string (got 5)" in found.broken["talk"]

"""The page shows a run, escapes all names, and is rendered only as often as it may cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autotl.api import Arm, Record
from autotl.clock import FakeClock
from autotl.report import measure_of
from autotl.watching import RunPage
from autotl.watching.page import REST
from autotl.watching.run_content import RunContent, RunMoment
from tests.support.html_page import Page
from tests.support.run_pages import PROBE, TUNE, Fixed

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
Make = Callable[..., Record]


def content(*records: Record, **more: Any) -> RunContent:
    return RunContent(**{"name": "photos", "arms": (PROBE, TUNE), "records": records, **more})


def text_of(page: RunPage) -> str:
    return " ".join(Page(page.html()).text.split())


def test_the_page_has_arms_trials_notes_and_times(record: Make) -> None:
    records = (
        record(0, 0.8),
        record(1, 0.9, TUNE, default=False, params={"lr": 0.01}),
        record(2, None, TUNE, state="failed", folds=0, why="no memory"),
        record(3, 0.7, TUNE, state="pruned"),
    )
    skipped = ((Arm("direct", "net"), "no class is known"),)
    source = Fixed(content(*records, notes=("Took the column 'species'",), skipped=skipped))
    shown = text_of(RunPage(source))
    assert "Best so far: finetune on net with 90.0% validation accuracy." in shown
    assert "4 trials ran; 1 failed and 1 were pruned." in shown
    assert "90.0%31 failed, 1 pruned" in shown  # of the arm: its best score, its trials, its remarks
    assert "failed: no memory" in shown
    assert "Took the column 'species'." in shown
    assert "Arms that are not searched (1)" in shown
    assert "1 min" in shown
    assert "4 min" in shown


def test_a_metric_that_is_better_if_lower_is_shown_in_its_own_numbers(record: Make) -> None:
    measure = measure_of("log_loss", higher_is_better=False, percent=False)
    page = RunPage(Fixed(content(record(0, -0.5), record(1, -0.25), measure=measure)))
    assert "with 0.250 validation log loss (lower is better)." in text_of(page)


def test_a_run_without_trials_has_a_page() -> None:
    shown = text_of(RunPage(Fixed(RunContent())))
    assert "No trial has a score yet." in shown


def test_names_are_escaped_everywhere(record: Make) -> None:
    arm = Arm(HOSTILE, f"{HOSTILE}`{HOSTILE}")
    hostile = record(0, 0.5, arm, params={HOSTILE: HOSTILE}, why=HOSTILE, state="failed")
    source = Fixed(
        content(
            hostile,
            name=HOSTILE,
            folder=Path("/runs") / HOSTILE.replace("/", "_"),
            goal=HOSTILE,
            notes=(HOSTILE,),
            skipped=((arm, HOSTILE),),
            verdict=HOSTILE,
            state="stopped",
            report=Path("report.html"),
        )
    )
    source.time = RunMoment(HOSTILE, 1.0, 2.0)
    page = Page(RunPage(source).html())
    assert [tag for tag, _ in page.tags].count("script") == 1  # the page's own
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert {attributes.get("src") for tag, attributes in page.tags} == {None}


def test_the_page_fetches_nothing_from_elsewhere(record: Make) -> None:
    page = Page(RunPage(Fixed(content(record(0, 0.5)))).html())
    links = [each.get(name) for _, each in page.tags for name in ("href", "src") if name in each]
    assert all(str(link).startswith("#") for link in links)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("finished", "Finished"),
        ("interrupted", "Resume the run with: autotl resume /runs/a"),
        ("failed", "Ended with an error"),
        ("stopped", "The run was stopped before its report was written."),
    ],
)
def test_the_end_of_a_run_is_named(state: str, shown: str, record: Make) -> None:
    page = RunPage(Fixed(content(record(0, 0.5), state=state, folder=Path("/runs/a"))))
    assert shown in text_of(page)
    assert page.update(-1)["ended"]


@pytest.mark.usefixtures("eager")
def test_an_update_has_the_body_only_if_it_has_changed(record: Make) -> None:
    source = Fixed(content(record(0, 0.5)))
    page = RunPage(source)
    first = page.update(-1)
    assert "50.0%" in first["body"]
    assert "body" not in page.update(first["version"])
    source.time = RunMoment("another step", 61.0, 239.0)
    later = page.update(first["version"])
    assert "body" not in later
    assert later["step"] == "another step"
    source.now = content(record(0, 0.5), record(1, 0.75))
    assert "75.0%" in page.update(first["version"])["body"]


def test_rendering_takes_a_small_part_of_the_time(record: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, made = FakeClock(), []

    def slow(shown: RunContent) -> str:
        clock.advance(0.5)
        made.append(shown)
        return f"body of {len(shown.records)}"

    monkeypatch.setattr("autotl.watching.page._body", slow)
    source = Fixed(content(record(0, 0.5)))
    page = RunPage(source, clock=clock)
    first = page.update(-1)["version"]
    source.now = content(record(0, 0.5), record(1, 0.6))
    clock.advance(0.4 * REST)
    assert "body" not in page.update(first)
    clock.advance(0.2 * REST)
    assert page.update(first)["body"] == "body of 2"
    source.now = content(record(0, 0.5), record(1, 0.6), state="finished")
    last = page.update(first + 1)  # the end is shown at once
    assert last["ended"]
    assert "body" in last
    assert len(made) == 3

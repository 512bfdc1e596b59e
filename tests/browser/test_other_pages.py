"""The page of a comparison, and that of a run with its end, in a browser."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import autotl
from autotl.api import Record
from autotl.watching import PageServer, RunPage, visits
from autotl.watching.run_content import RunContent
from tests.support.opened_page import VIEWS, barriers, opened, overflow
from tests.support.run_folders import logits, save_run
from tests.support.run_pages import PROBE, TUNE, Fixed

pytestmark = pytest.mark.slow

TRUTH = [0, 1, 2] * 20
LONG = 60.0


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("runs")
    answers = {"first": [*([1] * 12), *TRUTH[12:]], "a-rather-long-name-of-a-run": TRUTH, "third": TRUTH}
    runs = [
        save_run(folder / name, TRUTH, logits(found), arguments={"seed": number})
        for number, (name, found) in enumerate(answers.items())
    ]
    return autotl.compare(*runs).save(folder / "compare.html").as_uri()


@pytest.fixture
def source() -> Fixed:
    scores = [(0, PROBE, 0.8), (1, TUNE, 0.9), (2, TUNE, None)]
    records = [
        Record(
            number=number,
            arm=arm,
            params={"C": 0.1},
            default=not number,
            state="complete" if score else "failed",
            score=score,
            folds=1,
            epochs=1,
            seconds=2.0,
            finished_at=4.0 * number,
        )
        for number, arm, score in scores
    ]
    notes = ("Took the column 'species'.",)
    return Fixed(RunContent("photos", arms=(PROBE, TUNE), records=tuple(records), notes=notes))


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_a_comparison_is_whole_quiet_and_open_to_all(
    browser: Any, axe: str, comparison: str, width: int, scheme: str
) -> None:
    with opened(browser, comparison, width=width, color_scheme=scheme) as found:
        assert overflow(found.page) == 0
        assert found.page.locator("svg.atl:visible").count() == 1
        assert barriers(found.page, axe) == []
        assert (found.errors, found.requests) == ([], [comparison])


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_an_open_page_gets_the_end_of_its_run_and_keeps_the_report(
    browser: Any, axe: str, source: Fixed, tmp_path: Path, width: int, scheme: str
) -> None:
    server = PageServer(RunPage(source), port=0)
    server.start()
    with opened(browser, server.url, width=width, color_scheme=scheme) as found:
        assert overflow(found.page) == 0
        assert barriers(found.page, axe) == []
        (tmp_path / "report.html").write_text("<title>the report</title>")
        content = source.content()
        source.now = RunContent(
            "photos", state="finished", records=content.records, report=tmp_path / "report.html"
        )
        server.stop(wait=LONG)
        found.page.wait_for_selector("#report[href^='blob:']")
        assert "Finished" in found.page.title()
        assert found.errors == []
        assert all(each.startswith((server.url, "blob:")) for each in found.requests)


def test_a_page_that_is_left_tells_the_server(
    browser: Any, source: Fixed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "ASKS_WITHIN", LONG)
    server = PageServer(RunPage(source), port=0)
    server.start()
    with opened(browser, server.url) as found:
        with found.page.expect_response("**/state.json*"):
            pass
        found.page.goto("about:blank")
        ending = Thread(target=lambda: server.stop(wait=LONG), daemon=True)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()

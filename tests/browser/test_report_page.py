"""Reports open in a browser without errors, requests, barriers or text that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autotl.report import html, parse
from tests.support import report_documents as documents
from tests.support.opened_page import VIEWS, barriers, opened, overflow

pytestmark = pytest.mark.slow

DOCUMENTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "faulty": documents.faulty,
    "hostile": documents.hostile,
    "labels": documents.labels,
    "numbers": documents.numbers,
    "many": documents.many_classes,
}
SHEET = 1123
"""Height of A4 in pixels of CSS, without margins."""
SECTIONS = {"next", "test", "data", "what", "when", "how", "arms", "search", "cost", "use", "provenance"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each document, by its name."""
    found = {}
    for name, change in DOCUMENTS.items():
        run, document = tmp_path_factory.mktemp(name), change(documents.sample())
        documents.thumbnails(document, run)
        found[name] = run / "report.html"
        found[name].write_text(html(parse(document), run), encoding="utf-8")
    return found


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_report_is_whole_quiet_and_open_to_all(
    browser: Any, axe: str, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    with opened(browser, pages[name].as_uri(), width=width, color_scheme=scheme) as found:
        page = found.page
        ids = set(page.eval_on_selector_all("main > section", "all => all.map(each => each.id)"))
        assert ids >= SECTIONS
        assert overflow(page) == 0
        assert page.eval_on_selector_all("table.classes", TABLES_THAT_SCROLL) == []
        assert barriers(page, axe) == []
        assert found.errors == []
        assert [each for each in found.requests if not each.startswith("data:")] == [pages[name].as_uri()]


TABLES_THAT_SCROLL = """all => all
  .filter(each => each.offsetParent && each.offsetWidth > each.parentElement.clientWidth)
  .map(each => each.textContent.slice(0, 200))"""


def recalls(page: Any) -> list[float]:
    """The recalls of the first table of classes, from top to bottom."""
    texts = page.eval_on_selector_all(
        "table.classes >> nth=0 >> tbody tr td:nth-child(3)", "all => all.map(each => each.textContent)"
    )
    return [float(text.partition("%")[0]) for text in texts]


def test_a_click_sorts_the_classes(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["faulty"].as_uri()) as found:
        before = recalls(found.page)
        assert before == sorted(before)
        heading = found.page.locator("table.classes >> nth=0 >> th:nth-child(3)")
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        assert recalls(found.page) == sorted(before, reverse=True)


def test_nothing_is_missing_without_scripts(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["many"].as_uri(), java_script_enabled=False) as found:
        assert found.page.locator("table.classes").count() == 2
        assert found.page.locator("th button").count() == 0
        assert "Best class:" in (found.page.text_content("header") or "")


def test_faults_lead_to_their_pictures(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["faulty"].as_uri()) as found:
        links = found.page.locator(".faults a")
        for link in links.all():
            link.click()
            target = found.page.locator(link.get_attribute("href") or "")
            assert target.is_visible()


COLUMNS = """all => all.map(each => {
  const parts = [...each.querySelectorAll("p, figure, h3, .scroll, details")]
    .filter(part => part.offsetParent && !part.parentElement.closest("figure, .scroll, details"));
  const boxes = parts.map(part => part.getBoundingClientRect());
  const left = Math.min(...boxes.map(box => box.left)), top = Math.min(...boxes.map(box => box.top));
  const inColumn = second => boxes.filter(box => box.left - left > 100 === second);
  const bottom = second => Math.max(top, ...inColumn(second).map(box => box.bottom));
  return [Math.abs(bottom(true) - bottom(false)), Math.max(...boxes.map(box => box.height))];
})"""
"""Return the height difference of the two columns, and the tallest part, of each section."""


@pytest.mark.parametrize("name", ["faulty", "many"])
def test_no_column_is_much_longer_than_the_other(browser: Any, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name].as_uri()) as found:
        columns = found.page.eval_on_selector_all(".pair, .halves", COLUMNS)
        assert len(columns) >= 4
        assert [each for each in columns if each[0] > each[1] + 60] == []


def test_a_printed_report_has_no_large_gaps(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["many"].as_uri(), width=794) as found:
        sheets = found.page.pdf(format="A4").count(b"/Type /Page\n")
        found.page.emulate_media(media="print")
        found.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        height = found.page.evaluate("document.documentElement.scrollHeight")
        assert 10 < sheets <= height / SHEET + 1.5


def test_folded_tables_are_printed(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["many"].as_uri()) as found:
        page = found.page
        hidden = (
            "() => [...document.querySelectorAll('details table')].filter(e => !e.checkVisibility()).length"
        )
        assert page.evaluate(hidden) > 0
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(hidden) == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert page.evaluate(hidden) > 0

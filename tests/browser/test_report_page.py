"""Reports open in a browser without errors, requests, barriers or text that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autotl.report import html, parse
from tests.support import report_documents as documents

pytestmark = pytest.mark.slow

DOCUMENTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "faulty": documents.faulty,
    "hostile": documents.hostile,
    "labels": documents.labels,
    "numbers": documents.numbers,
    "many": documents.many_classes,
}
SECTIONS = {"next", "test", "data", "what", "when", "how", "arms", "search", "cost", "use", "provenance"}
VIEWS = [(1280, "light"), (390, "dark")]


@dataclass
class Opened:
    """A page with what the browser said about it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


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


@contextmanager
def opened(browser: Any, path: Path, *, width: int = 1280, **options: Any) -> Iterator[Opened]:
    """Open a page and close its window at the end."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    found = Opened(context.new_page())
    found.page.on("console", lambda line: found.errors.append(line.text) if line.type == "error" else None)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("dialog", lambda dialog: (found.errors.append(dialog.message), dialog.dismiss()))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(path.as_uri())
    yield found
    context.close()


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_report_is_whole_quiet_and_open_to_all(
    browser: Any, axe: str, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    with opened(browser, pages[name], width=width, color_scheme=scheme) as found:
        page = found.page
        ids = set(page.eval_on_selector_all("main > section", "all => all.map(each => each.id)"))
        assert ids >= SECTIONS
        room, used = page.evaluate(
            "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
        )
        assert used <= room
        assert page.eval_on_selector_all("table.classes", TABLES_THAT_SCROLL) == []
        page.evaluate(axe)
        violations = page.evaluate("axe.run().then(found => found.violations)")
        serious = [each for each in violations if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in serious] == []
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
    with opened(browser, pages["faulty"]) as found:
        before = recalls(found.page)
        assert before == sorted(before)
        heading = found.page.locator("table.classes >> nth=0 >> th:nth-child(3)")
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        assert recalls(found.page) == sorted(before, reverse=True)


def test_nothing_is_missing_without_scripts(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["many"], java_script_enabled=False) as found:
        assert found.page.locator("table.classes").count() == 2
        assert found.page.locator("th button").count() == 0
        assert "Best class:" in (found.page.text_content("header") or "")


def test_faults_lead_to_their_pictures(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["faulty"]) as found:
        links = found.page.locator(".faults a")
        for link in links.all():
            link.click()
            target = found.page.locator(link.get_attribute("href") or "")
            assert target.is_visible()


def test_folded_tables_are_printed(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["many"]) as found:
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

"""Open a page in a browser, and keep what the browser says about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

VIEWS = [(1280, "light"), (390, "dark")]
"""Widths in pixels and colour schemes in which pages are looked at."""


@dataclass
class Opened:
    """A page with what the browser said about it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Any, address: str, *, width: int = 1280, **options: Any) -> Iterator[Opened]:
    """Open a page and close its window at the end."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    found = Opened(context.new_page())
    found.page.on("console", lambda line: found.errors.append(line.text) if line.type == "error" else None)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("dialog", lambda dialog: (found.errors.append(dialog.message), dialog.dismiss()))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(address)
    yield found
    context.close()


def overflow(page: Any) -> int:
    """Return by how many pixels the content is wider than the window."""
    room, used = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    return int(max(0, used - room))


def barriers(page: Any, axe: str) -> list[tuple[str, str]]:
    """Return the serious barriers that axe-core finds, each with the first element."""
    page.evaluate(axe)
    violations = page.evaluate("axe.run().then(found => found.violations)")
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in serious]

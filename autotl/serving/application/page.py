"""Render the page on which a user drops pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

from markupsafe import Markup

from autotl.report.render.html import page_environment
from autotl.serving.application.schemas import ModelFacts


def page(facts: ModelFacts) -> str:
    """Return the page of a model, which fetches only answers."""
    script, style = _parts()
    template = page_environment("autotl.serving").get_template("home.html.j2")
    return template.render(facts=facts, script=Markup(script), style=Markup(style), score=_score(facts))


def page_headers() -> Mapping[str, str]:
    """Return headers that allow a page only its own script and style."""
    script, style = _parts()
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def page_style() -> str:
    """Return the style of the pages."""
    return _parts()[1]


@cache
def _parts() -> tuple[str, str]:
    """Return the script and the style of the pages."""
    environment = page_environment("autotl.serving")
    script = environment.get_template("home.js").render()
    return script, environment.get_template("home.css.j2").render()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _score(facts: ModelFacts) -> str:
    """Return the test score as text; "" if it is unknown."""
    score = facts.score
    if score is None:
        return ""
    images = "" if score.images is None else f" on {score.images:,} test images"
    return f"{score.metric.replace('_', ' ')} {score.value:.4g}{images}"

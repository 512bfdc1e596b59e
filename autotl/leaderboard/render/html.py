"""Write a board as one self-contained page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import autotl
from autotl.leaderboard.render import sentences, tables
from autotl.leaderboard.render.figure_index import drawings, heat_noun
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.slices import MOST, Choice, Slice, offered, slices
from autotl.leaderboard.rows import filters
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.winners_curse import Labels
from autotl.report import figures
from autotl.report.format import count
from autotl.report.render.html import prose


def page(
    rows: Iterable[Row], *, title: str, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> str:
    """A page of all ``rows`` with boards of their parts: nothing is fetched, fit for a phone and for paper.

    A small script filters and sorts; without it the whole board is shown. ``seed`` draws the bootstrap's
    resamples; ``labels`` are as for :func:`markdown.markdown`.

    Raises BenchError where the rows cannot be ranked.
    """
    rows = list(rows)
    parts = slices(rows, seed=seed, labels=labels)
    whole = parts[0].findings
    environment = _environment()
    script = environment.get_template("board.js").render()
    text = environment.get_template("board.html.j2").render(
        title=" ".join(title.split()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        figure_style=Markup(figures.STYLE),
        version=autotl.__version__,
        finding=sentences.finding(whole),
        warnings=sentences.warnings(whole.board, whole.caveats),
        reading=sentences.reading(),
        numbers=_numbers(whole),
        filters=_filters(rows),
        cut=len(parts) == MOST,
        slices=[_slice(part, rows) for part in parts],
        tests=sentences.tests(whole.tests),
        rules=sentences.rules(whole),
        selection=sentences.selection(whole),
        tables=_tables(whole),
        heat_noun=heat_noun(whole),
        figures=_figures(whole),
    )
    # names that are no text must not lose the page
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@cache  # compiling the page takes longer than filling it
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("autotl.leaderboard"), PackageLoader("autotl.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def _numbers(found: Findings) -> list[tuple[str, str, str]]:
    board = found.board
    rows = sum(each.blocks for each in board.standings)
    return [
        (str(len(board.standings)), "entrants", ""),
        (str(len(board.datasets)), "data sets", count(len(board.cases), "case")),
        (str(board.blocks), "blocks", count(len(board.seeds), "seed")),
        (f"{rows:,}", "rows", f"{board.failures:,} failed"),
    ]


def _filters(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    return [(key, [filters.words(key, value) for value in values]) for key, values in offered(rows).items()]


def _slice(part: Slice, rows: Sequence[Row]) -> dict[str, Any]:
    found = part.findings
    offers = offered(rows)
    return {
        "choices": " ".join(_key(choice, list(offers.values())) for choice in part.choices),
        "finding": sentences.finding(found),
        "scope": sentences.scope(found.board),
        "warnings": sentences.warnings(found.board, found.caveats),
        "standings": tables.standings(found),
        "rules": tables.rules(found),
    }


def _key(choice: Choice, offers: Sequence[tuple[str, ...]]) -> str:
    """A choice as the script spells it: the place of every chosen value in its list, or nothing for all."""
    return (
        ",".join(
            "" if value is None else str(values.index(value))
            for value, values in zip(choice, offers, strict=True)
        )
        or "all"
    )


def _tables(found: Findings) -> dict[str, Any]:
    order = [each.entrant for each in found.board.standings]
    return {
        "pairs": tables.pairs(found),
        "scores": tables.scores(found, order),
        "selection": tables.selection(found),
        "budgets": tables.budgets(found),
        "failures": tables.failures(found.caveats),
        "missing": tables.missing(found.caveats),
        "origin": tables.origin(found.caveats),
    }


def _figures(found: Findings) -> dict[str, dict[str, Markup]]:
    # Two drawings of each: shrinking one to a phone would shrink its words too. The page shows one of them.
    wide, narrow = (drawings(found, width=width) for width in (figures.WIDE, figures.NARROW))
    return {
        name: {
            "wide": Markup(wide[name].replace(figures.STYLE, "")),
            "narrow": Markup(narrow[name].replace(figures.STYLE, "")),
        }
        for name in wide
    }

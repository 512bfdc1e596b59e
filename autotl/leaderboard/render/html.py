"""Write a leaderboard as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

import autotl
from autotl.leaderboard.render import additional, sentences, tables
from autotl.leaderboard.render.figure_index import draw_figures, heat_noun
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.slices import MAX_SLICES, Choice, Slice, page_filters, slices
from autotl.leaderboard.rows import filters
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.winners_curse import Labels
from autotl.report import figures
from autotl.report.format import count
from autotl.report.render.html import page_environment


def page(
    rows: Iterable[Row], *, title: str, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> str:
    """Return a leaderboard as an HTML page with filters.

    The page fetches nothing and fits a phone and paper. A small script filters and sorts; without scripts,
    the leaderboard of all rows is shown.

    Args:
        rows: The rows.
        title: The heading.
        seed: Seed of the bootstrap.
        labels: True labels of the test images by the hash of their split, for the selection bias.

    Raises:
        BenchError: If the rows cannot be ranked.
    """
    rows = list(rows)
    parts = slices(rows, seed=seed, labels=labels)
    whole = parts[0].findings
    environment = page_environment("autotl.leaderboard")
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
        truncated=len(parts) == MAX_SLICES,
        slices=[_slice(part, rows) for part in parts],
        tests=sentences.tests(whole.tests),
        rules=sentences.rules(whole),
        selection=sentences.selection(whole),
        additional=_additional(whole),
        tables=_tables(whole),
        heat_noun=heat_noun(whole),
        figures=_figures(whole),
    )
    # names that are not valid Unicode must not raise an error
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _additional(found: Findings) -> dict[str, Any]:
    return {
        "title": additional.TITLE,
        "gains": additional.sentences(found),
        "place_title": additional.PLACE_TITLE,
        "place": additional.place_sentences(found),
    }


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
    return [
        (name, [filters.describe(name, value) for value in values])
        for name, values in page_filters(rows).items()
    ]


def _slice(part: Slice, rows: Sequence[Row]) -> dict[str, Any]:
    found = part.findings
    values = list(page_filters(rows).values())
    return {
        "choices": " ".join(_choice_key(choice, values) for choice in part.choices),
        "finding": sentences.finding(found),
        "scope": sentences.scope(found.board),
        "warnings": sentences.warnings(found.board, found.caveats),
        "standings": tables.standings(found),
        "rules": tables.rules(found),
    }


def _choice_key(choice: Choice, filter_values: Sequence[tuple[str, ...]]) -> str:
    """Return a choice in the form of the script: the index of each value, or nothing for no filter."""
    return (
        ",".join(
            "" if value is None else str(values.index(value))
            for value, values in zip(choice, filter_values, strict=True)
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
        "contributions": additional.contributions(found),
        "adaptations": additional.adaptations(found),
        "failures": tables.failures(found.caveats),
        "missing": tables.missing(found.caveats),
        "origin": tables.origin(found.caveats),
    }


def _figures(found: Findings) -> dict[str, dict[str, Markup]]:
    # The page shows one of two versions: scaling the wide one to a phone would make its text too small.
    wide, narrow = (draw_figures(found, width=width) for width in (figures.WIDE, figures.NARROW))
    return {
        name: {
            "wide": Markup(wide[name].replace(figures.STYLE, "")),
            "narrow": Markup(narrow[name].replace(figures.STYLE, "")),
        }
        for name in wide
    }

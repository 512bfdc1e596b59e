"""Arrange the results in tables for the page and the Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.clock import format_duration
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.metric_text import regret_text, score_text
from autotl.leaderboard.rows.cases import Cell
from autotl.leaderboard.stats.bootstrap import Interval
from autotl.leaderboard.stats.caveats import Caveats
from autotl.leaderboard.stats.selection import SEARCH_KINDS, Method
from autotl.leaderboard.stats.selection_rules import Rule
from autotl.report.format import DASH, count, listing, moment, name, percent
from autotl.report.metric_format import Measure
from autotl.report.section import Table


def standings(found: Findings) -> Table:
    """Return a row for each entrant, best mean rank first."""
    board, measure = found.board, found.measure
    rows = tuple(
        (
            name(each.entrant),
            f"{each.rank:.2f}{_numbers(each.rank_ci95)}",
            f"{each.normalised:.2f}{_numbers(each.normalised_ci95)}",
            f"{each.wins:.1f}".removesuffix(".0"),
            score_text(each.test, measure),
            f"{regret_text(each.regret, measure)}{_regrets(each.regret_ci95, measure)}",
            _seconds(each.seconds),
            _seconds(each.seconds_median),
            f"{100 * each.budget_share:.0f}%" if each.budget_share is not None else DASH,
            str(each.failures),
            *([f"{each.blocks} of {board.blocks}"] if board.uneven else []),
        )
        for each in board.standings
    )
    headings = (
        "entrant",
        "mean rank",
        "normalised",
        "wins",
        "test",
        "regret",
        "mean time",
        "median",
        "of budget",
        "failed",
        *(["blocks"] if board.uneven else []),
    )
    return Table(headings, rows, frozenset(range(1, len(headings))), 0 if len(rows) > 1 else None)


def rules(found: Findings) -> Table:
    """Return a row for each rule, smallest regret first."""
    rows = tuple(
        (
            rule_name(rule),
            f"{percent(rule.accuracy)}{_percents(rule.accuracy_ci95)}",
            f"{regret_text(rule.regret, found.measure)}{_regrets(rule.regret_ci95, found.measure)}",
            f"{rule.blocks} of {rule.all_blocks}",
        )
        for rule in found.rules
    )
    return Table(("rule", "correct family", "regret", "blocks"), rows, frozenset({1, 2, 3}))


def rule_name(rule: Rule) -> str:
    """Return the name of a rule, such as "always frozen"."""
    named = {"thumb": f"rule of thumb ({rule.name})", "always": f"always {rule.name}"}
    return named.get(rule.kind, name(rule.name))


def selection(found: Findings) -> Table:
    """Return a row for each method, smallest regret first."""
    measure = found.measure
    rows = tuple(
        (
            method_name(each),
            score_text(each.test, measure),
            f"{regret_text(each.regret, measure)}{_regrets(each.regret_ci95, measure)}",
            f"{regret_text(each.max_regret, measure)} ({name(each.max_regret_block)})"
            if each.max_regret is not None
            else DASH,
            f"{each.trials_per_minute:.1f}" if each.trials_per_minute is not None else DASH,
            measure.gain(each.autotl_lead),
            str(each.pairs) if each.pairs else DASH,
            _p(each.p),
            _p(each.p_holm),
        )
        for each in (found.selection.methods if found.selection else ())
    )
    headings = (
        "method", "test", "regret", "largest regret", "trials per minute", "lead of autotl", "pairs", "p",
        "p, Holm",
    )  # fmt: skip
    return Table(headings, rows, frozenset({1, 2, 4, 5, 6, 7, 8}))


def method_name(method: Method) -> str:
    """Return the name of a method: "`autotl`", "always `finetune`"."""
    return name(method.entrant) if method.kind in SEARCH_KINDS else f"always {name(method.entrant)}"


def budgets(found: Findings) -> Table:
    """Return each entrant's mean test score at every budget."""
    curves = found.selection.curves if found.selection else ()
    rows = tuple(
        (name(each.entrant), *(score_text(test, found.measure) for _, test in each.points)) for each in curves
    )
    headings = ("entrant", *(format_duration(at) for at, _ in curves[0].points)) if curves else ("entrant",)
    return Table(headings, rows, frozenset(range(1, len(headings))))


def pairs(found: Findings) -> Table:
    """Return the difference and the test of each pair of entrants."""
    rows = tuple(
        (
            name(pair.first),
            name(pair.second),
            str(pair.datasets),
            found.measure.gain(pair.difference),
            _p(pair.p),
            _p(pair.p_holm),
            pair.reason or ("significant" if pair.significant else "not significant"),
        )
        for pair in found.tests.pairs
    )
    headings = ("first", "second", "data sets", "difference", "p", "p, Holm", "result")
    return Table(headings, rows, frozenset({2, 3, 4, 5}))


def scores(found: Findings, entrants: Sequence[str]) -> Table:
    """Return each case's mean test scores and its winning family."""
    rows = []
    for each in found.cases:
        cells = {cell.entrant: cell for cell in each.cells}
        rows.append(
            (
                name(each.label),
                f"{each.n_train:,}",
                f"{each.likeness:.2f}" if each.likeness is not None else DASH,
                each.family or DASH,
                *(_score(cells.get(entrant), found.measure) for entrant in entrants),
            )
        )
    headings = ("case", "images", "likeness", "winning family", *entrants)
    return Table(headings, tuple(rows), frozenset({1, 2, *range(4, len(headings))}))


def failures(caveats: Caveats) -> Table:
    """Return a row for each entrant and error."""
    rows = tuple(
        (name(each.entrant), str(each.rows), listing(map(name, each.cases), limit=4), name(each.error))
        for each in caveats.failures
    )
    return Table(("entrant", "rows", "on", "reason"), rows, frozenset({1}))


def missing(caveats: Caveats) -> Table:
    """Return a row for each entrant that did not run everywhere."""
    rows = tuple(
        (name(each.entrant), str(each.blocks), listing(map(name, each.cases), limit=8))
        for each in caveats.missing
    )
    return Table(("entrant", "blocks missing", "in"), rows, frozenset({1}))


def origin(caveats: Caveats) -> Table:
    """Return the origin of the rows: suites, machines, versions and times."""
    first, last = (moment(each) for each in caveats.created)
    facts = (
        ("suite", caveats.suites),
        ("machine", caveats.machines),
        ("device", caveats.devices),
        ("threads", caveats.threads),
        ("entrants from", caveats.plugins),
        ("versions", caveats.versions),
        ("measured", (first,) if first == last else (f"{first} to {last}",)),
        ("notes", caveats.notes),
    )
    rows = tuple((fact, ", ".join(values)) for fact, values in facts if any(values))
    return Table(("fact", "value"), rows)


def _score(cell: Cell | None, measure: Measure) -> str:
    if cell is None:
        return ""
    if cell.test is None:
        return "failed"
    return score_text(cell.test, measure) + (
        f" ({count(cell.failures, 'seed')} failed)" if cell.failures else ""
    )


def _numbers(pair: Interval | None) -> str:
    return f" ({pair[0]:.2f} – {pair[1]:.2f})" if pair else ""


def _percents(pair: Interval | None) -> str:
    return f" ({100 * pair[0]:.0f} – {100 * pair[1]:.0f}%)" if pair else ""


def _regrets(pair: Interval | None, measure: Measure) -> str:
    return f" ({regret_text(pair[0], measure)} – {regret_text(pair[1], measure)})" if pair else ""


def _seconds(amount: float | None) -> str:
    if amount is None:
        return DASH
    return f"{amount:,.1f} s" if amount < 10 else f"{amount:,.0f} s"


def _p(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"

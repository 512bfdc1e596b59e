"""Arrange a board in tables that the page and the Markdown show alike."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.clock import spell
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.units import cost, score
from autotl.leaderboard.rows.cases import Cell
from autotl.leaderboard.stats.bootstrap import Interval
from autotl.leaderboard.stats.caveats import Caveats
from autotl.leaderboard.stats.selection import SELECTS, Way
from autotl.leaderboard.stats.selection_rules import Rule
from autotl.report.format import DASH, count, listing, moment, name, percent
from autotl.report.metric_format import Measure
from autotl.report.section import Table


def standings(found: Findings) -> Table:
    """Every entrant, the best mean rank first, with intervals in brackets; blocks where they differ."""
    board, measure = found.board, found.measure
    rows = tuple(
        (
            name(each.entrant),
            f"{each.rank:.2f}{_numbers(each.rank_ci95)}",
            f"{each.normalised:.2f}{_numbers(each.normalised_ci95)}",
            f"{each.wins:.1f}".removesuffix(".0"),
            score(each.test, measure),
            f"{cost(each.regret, measure)}{_costs(each.regret_ci95, measure)}",
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
    """Ways of choosing a family, the smallest regret first."""
    rows = tuple(
        (
            rule_name(rule),
            f"{percent(rule.right)}{_percents(rule.right_ci95)}",
            f"{cost(rule.regret, found.measure)}{_costs(rule.regret_ci95, found.measure)}",
            f"{rule.blocks} of {rule.of}",
        )
        for rule in found.rules
    )
    return Table(("rule", "right family", "regret", "blocks"), rows, frozenset({1, 2, 3}))


def rule_name(rule: Rule) -> str:
    """A rule as people say it: "always frozen", "`autotl`", "rule of thumb (size × similarity)"."""
    spelled = {"thumb": f"rule of thumb ({rule.name})", "always": f"always {rule.name}"}
    return spelled.get(rule.kind, name(rule.name))


def selection(found: Findings) -> Table:
    """Ways of selecting, the smallest regret first: what each costs, and how far behind autotl it is."""
    measure = found.measure
    rows = tuple(
        (
            way_name(way),
            score(way.test, measure),
            f"{cost(way.regret, measure)}{_costs(way.regret_ci95, measure)}",
            f"{cost(way.worst, measure)} ({name(way.worst_in)})" if way.worst is not None else DASH,
            f"{way.trials_per_minute:.1f}" if way.trials_per_minute is not None else DASH,
            measure.gain(way.behind),
            str(way.pairs) if way.pairs else DASH,
            _p(way.p),
            _p(way.p_holm),
        )
        for way in (found.selection.ways if found.selection else ())
    )
    headings = (
        "way", "test", "regret", "worst", "trials a minute", "autotl ahead by", "pairs", "p", "p, Holm",
    )  # fmt: skip
    return Table(headings, rows, frozenset({1, 2, 4, 5, 6, 7, 8}))


def way_name(way: Way) -> str:
    """A way of selecting as people say it: "`autotl`", "always `finetune`"."""
    return name(way.entrant) if way.kind in SELECTS else f"always {name(way.entrant)}"


def budgets(found: Findings) -> Table:
    """The mean test score of every entrant at every budget."""
    curves = found.selection.curves if found.selection else ()
    rows = tuple(
        (name(each.entrant), *(score(test, found.measure) for _, test in each.points)) for each in curves
    )
    headings = ("entrant", *(spell(at) for at, _ in curves[0].points)) if curves else ("entrant",)
    return Table(headings, rows, frozenset(range(1, len(headings))))


def pairs(found: Findings) -> Table:
    """Every pair of entrants: the difference, and whether it can be told from none."""
    rows = tuple(
        (
            name(pair.first),
            name(pair.second),
            str(pair.datasets),
            found.measure.gain(pair.difference),
            _p(pair.p),
            _p(pair.p_holm),
            pair.why or ("told apart" if pair.told_apart else "not told apart"),
        )
        for pair in found.tests.pairs
    )
    headings = ("first", "second", "data sets", "difference", "p", "p, Holm", "so")
    return Table(headings, rows, frozenset({2, 3, 4, 5}))


def scores(found: Findings, entrants: Sequence[str]) -> Table:
    """The mean test score of every entrant on every case, and the best single strategy's family."""
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
    """Rows that failed, by entrant and reason."""
    rows = tuple(
        (name(each.entrant), str(each.rows), listing(map(name, each.cases), limit=4), name(each.error))
        for each in caveats.failures
    )
    return Table(("entrant", "rows", "on", "reason"), rows, frozenset({1}))


def missing(caveats: Caveats) -> Table:
    """Entrants that did not run everywhere, and where."""
    rows = tuple(
        (name(each.entrant), str(each.blocks), listing(map(name, each.cases), limit=8))
        for each in caveats.missing
    )
    return Table(("entrant", "blocks missing", "in"), rows, frozenset({1}))


def origin(caveats: Caveats) -> Table:
    """What the rows were measured on, and when."""
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
    return score(cell.test, measure) + (f" ({count(cell.failures, 'seed')} failed)" if cell.failures else "")


def _numbers(pair: Interval | None) -> str:
    return f" ({pair[0]:.2f} – {pair[1]:.2f})" if pair else ""


def _percents(pair: Interval | None) -> str:
    return f" ({100 * pair[0]:.0f} – {100 * pair[1]:.0f}%)" if pair else ""


def _costs(pair: Interval | None, measure: Measure) -> str:
    return f" ({cost(pair[0], measure)} – {cost(pair[1], measure)})" if pair else ""


def _seconds(amount: float | None) -> str:
    if amount is None:
        return DASH
    return f"{amount:,.1f} s" if amount < 10 else f"{amount:,.0f} s"


def _p(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"

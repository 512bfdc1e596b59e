"""Say in sentences what a board found, what it cannot say, and how to read it."""

from __future__ import annotations

from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.tables import rule_name, way_name
from autotl.leaderboard.render.units import cost, score
from autotl.leaderboard.stats.bootstrap import RESAMPLES
from autotl.leaderboard.stats.caveats import Caveats
from autotl.leaderboard.stats.selection import SELECTS
from autotl.leaderboard.stats.selection_rules import PER_CLASS, SIMILAR, SMALL
from autotl.leaderboard.stats.significance import ALPHA, FEWEST, ToldApart
from autotl.leaderboard.stats.standings import Board
from autotl.report.format import count, listing, metric, name, percent


def finding(found: Findings) -> str:
    """Who is ahead, and of whom that can be said, in at most three sentences."""
    board = found.board
    first, where = board.standings[0], count(len(board.datasets), "data set")
    if len(board.standings) == 1:
        scored = score(first.test, found.measure)
        return f"{name(first.entrant)} is the only entrant; it scores {scored} on {where}."
    interval = (
        f", 95% interval {first.rank_ci95[0]:.2f} to {first.rank_ci95[1]:.2f}" if first.rank_ci95 else ""
    )
    said = (
        f"{name(first.entrant)} has the best mean rank of {count(len(board.standings), 'entrant')} "
        f"on {where} ({first.rank:.2f}{interval})."
    )
    alike = _alike(found.tests, first.entrant)
    if found.tests.together is None:
        return f"{said} That is no proof. {found.tests.why}"
    if not alike:
        return f"{said} It is told apart from all others."
    return f"{said} It cannot be told apart from {listing(map(name, alike), limit=9)}."


def scope(board: Board) -> str:
    """What was compared, in one sentence."""
    return (
        f"{count(board.blocks, 'block')}: {count(len(board.cases), 'case')} of "
        f"{count(len(board.datasets), 'data set')} with {count(len(board.seeds), 'seed')}."
    )


def warnings(board: Board, caveats: Caveats) -> list[str]:
    """What must be known before the numbers are believed, the gravest first."""
    said = []
    if board.uneven:
        lacking = listing(
            (f"{name(each.entrant)} (lacks {each.blocks})" for each in caveats.missing), limit=6
        )
        said.append(
            f"Not every entrant ran everywhere: of {count(board.blocks, 'block')}, all entrants have "
            f"{board.common_blocks} in common. Missing: {lacking}. Means of entrants with different blocks "
            "are not comparable; the tests use common blocks alone."
        )
    if board.failures:
        said.append(
            f"{count(board.failures, 'row')} failed. Each takes the last rank of its block, a normalised "
            "score of 0 and, in test score and regret, what guessing would score."
        )
    if len(board.datasets) == 1:
        said.append("One data set says nothing about others: there are no intervals and no tests.")
    elif len(board.datasets) < FEWEST:
        said.append(
            f"{count(len(board.datasets), 'data set')} are few: intervals are too narrow, and no pair can be "
            f"told apart by a signed-rank test before there are {FEWEST}."
        )
    if len(board.seeds) == 1 and board.blocks > 1:
        said.append("Every case was run with one seed: how much seeds matter is not in the intervals.")
    if len(board.metrics) > 1:
        named = listing(map(metric, board.metrics))
        said.append(f"Mean test scores and regrets mix metrics ({named}); ranks do not.")
    if caveats.late:
        said.append(f"{count(caveats.late, 'row')} took longer than the budget by a tenth or more.")
    if len(caveats.machines) > 1 or len(caveats.threads) > 1 or len(caveats.devices) > 1:
        said.append(
            "Rows come from different machines, devices or numbers of threads: times are not comparable."
        )
    return said


def tests(found: ToldApart) -> list[str]:
    """What the tests of all entrants and of pairs found."""
    said = []
    if (all_ := found.together) is None:
        said.append(found.why)
    else:
        p = f"p = {all_.p:.3f}" if all_.p >= 0.001 else "p < 0.001"
        differ = (
            "finds differences" if all_.p < ALPHA else "finds no difference, so none is looked for further"
        )
        said.append(
            f"Friedman's test over {count(all_.datasets, 'data set')} {differ} "
            f"(χ² = {all_.statistic:.1f}, {p})."
        )
        if all_.p < ALPHA:
            said.append(
                "By Nemenyi's test two entrants differ where their mean ranks are "
                f"{all_.critical_difference:.2f} apart or more."
            )
    if found.least_p is not None and found.least_p >= ALPHA:
        said.append(
            "Pairs were tested by Wilcoxon's signed-rank test, but with so few data sets for so many pairs "
            f"the smallest corrected p there can be is {found.least_p:.2f}: no pair could be told apart, "
            "however large its difference."
        )
    elif found.least_p is not None:
        apart = sum(pair.told_apart for pair in found.pairs)
        tested = sum(pair.p is not None for pair in found.pairs)
        said.append(
            f"Wilcoxon's signed-rank test with Holm's correction tells {apart} of "
            f"{count(tested, 'pair')} apart."
        )
    elif found.pairs and found.together is not None:
        said.append(f"No pair has the {FEWEST} unequal data sets that a signed-rank test needs.")
    return said


def rules(found: Findings) -> list[str]:
    """How the rule of thumb did beside its rivals; empty without it."""
    measure = found.measure
    thumb = next((rule for rule in found.rules if rule.kind == "thumb"), None)
    if thumb is None:
        return []
    said = [
        f"The rule of thumb names the family of the best single strategy in {percent(thumb.right)} of "
        f"{count(thumb.blocks, 'block')}, and following it costs {cost(thumb.regret, measure)}"
        f"{measure.unit} of test {measure.name}."
    ]
    always = [rule for rule in found.rules if rule.kind == "always"]
    if always:
        said.append(
            f"The best fixed answer, {rule_name(always[0])}, costs {cost(always[0].regret, measure)}, "
            "which nobody knows beforehand."
        )
    return said


def selection(findings: Findings) -> list[str]:
    """What selecting costs in each way, how much of the oracle is luck, and how to read the tests."""
    found, measure = findings.selection, findings.measure
    if found is None:
        return []
    ways = [way for way in found.ways if way.regret is not None]
    said = []
    if choosing := [way for way in ways if way.kind in SELECTS]:
        told = listing(f"{way_name(way)} {cost(way.regret, measure)}" for way in choosing)
        said.append(
            "Against the best single strategy of every block, known only afterwards, these cost"
            f"{measure.unit} of test {measure.name}: {told}."
        )
    if always := [way for way in ways if way.kind not in SELECTS]:
        said.append(
            f"The best fixed answer, {way_name(always[0])}, costs {cost(always[0].regret, measure)}, and the "
            f"worst, {way_name(always[-1])}, {cost(always[-1].regret, measure)}."
        )
    if found.luck is not None:
        said.append(
            "The best single strategy is found on the test images that score it, so by luck alone it scores "
            f"{cost(found.luck, measure)}{measure.unit} too high on average (bootstrap of the images), and "
            "every regret is as much too large; chance in training comes on top."
        )
    elif ways:
        said.append(
            "The best single strategy is found on the test images that score it, so its score is too high by "
            "luck, and every regret too large; by how much was not measured."
        )
    if any(way.p is not None for way in ways):
        said.append(
            "p is of Wilcoxon's signed-rank test over pairs of data set and seed; seeds of a data set may "
            "share test images, which makes p too small. The tests over data sets are above."
        )
    return said


def reading() -> list[str]:
    """How to read the tables: every measure in one sentence."""
    return [
        "A case is a data set, shots, a backbone and a budget; a block is a case with a seed. Entrants are "
        "compared inside blocks, on the same images.",
        "Mean rank: 1 is the best place in every case; ties share the mean of their places.",
        "Normalised: 1 for the best score of a block, 0 for the worst, averaged over cases.",
        "Wins: blocks with the highest score; ties are shared.",
        "Regret: test score short of the best single strategy of the same block, as one knows it "
        "afterwards. Below zero is better than every single strategy.",
        "Time: what a user waits, from the start of the process to its end; of budget is its mean share. "
        "Failed rows are left out.",
        f"Brackets hold 95% intervals from {RESAMPLES:,} resamples of data sets, and of seeds within each. "
        "Overlapping intervals are no proof of equality.",
        "Tests are over data sets, as those are independent of each other; cases and seeds of one are not. "
        f"The level is {ALPHA:g}.",
        f"The rule of thumb: under {SMALL:,} images or under {PER_CLASS} in a class is little data, likeness "
        f"of {SIMILAR:g} or more is near. Little and near: frozen; little and far: partly frozen, or "
        "fine-tuned where nobody offers that; much: fine-tuned.",
        "A family stands for its strategy with the best validation score in the block. Always one strategy "
        "is that strategy's own line on the board.",
    ]


def _alike(found: ToldApart, entrant: str) -> list[str]:
    """The others in some group of ``entrant``, in the order of their ranks."""
    if found.together is None:
        return []
    near = {name for group in found.together.groups if entrant in group for name in group} - {entrant}
    return [name for name, _ in found.together.ranks if name in near]

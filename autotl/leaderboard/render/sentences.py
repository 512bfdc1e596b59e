"""Write the sentences of a leaderboard: result, caveats and explanations."""

from __future__ import annotations

from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.metric_text import regret_text, score_text
from autotl.leaderboard.render.tables import method_name, rule_name
from autotl.leaderboard.stats.bootstrap import RESAMPLES
from autotl.leaderboard.stats.caveats import Caveats
from autotl.leaderboard.stats.selection import SEARCH_KINDS, Method
from autotl.leaderboard.stats.selection_rules import MANY_IMAGES, MANY_PER_CLASS, SIMILAR
from autotl.leaderboard.stats.significance import ALPHA, MIN_DATASETS, FriedmanTest, Significance
from autotl.leaderboard.stats.standings import Board
from autotl.report.format import count, listing, metric, name, percent
from autotl.report.metric_format import Measure


def finding(found: Findings) -> str:
    """State which entrant leads, and from which others it differs significantly."""
    board = found.board
    first, datasets = board.standings[0], count(len(board.datasets), "data set")
    if len(board.standings) == 1:
        score = score_text(first.test, found.measure)
        return f"{name(first.entrant)} is the only entrant; it scores {score} on {datasets}."
    interval = (
        f", 95% interval {first.rank_ci95[0]:.2f} to {first.rank_ci95[1]:.2f}" if first.rank_ci95 else ""
    )
    leader = (
        f"{name(first.entrant)} has the best mean rank of {count(len(board.standings), 'entrant')} "
        f"on {datasets} ({first.rank:.2f}{interval})."
    )
    if found.tests.friedman is None:
        return f"{leader} This difference was not tested. {found.tests.reason}"
    similar = _not_different(found.tests.friedman, first.entrant)
    if not similar:
        return f"{leader} It differs significantly from all others."
    return f"{leader} It does not differ significantly from {listing(map(name, similar), limit=9)}."


def scope(board: Board) -> str:
    """State the size of the benchmark."""
    return (
        f"{count(board.blocks, 'block')}: {count(len(board.cases), 'case')} of "
        f"{count(len(board.datasets), 'data set')} with {count(len(board.seeds), 'seed')}."
    )


def warnings(board: Board, caveats: Caveats) -> list[str]:
    """List the reasons to distrust the numbers, most serious first."""
    return [*_coverage_warnings(board, caveats), *_size_warnings(board), *_origin_warnings(board, caveats)]


def _coverage_warnings(board: Board, caveats: Caveats) -> list[str]:
    found = []
    if board.uneven:
        missing = listing(
            (f"{name(each.entrant)} (lacks {each.blocks})" for each in caveats.missing), limit=6
        )
        found.append(
            f"Not every entrant ran everywhere: {board.common_blocks} of {count(board.blocks, 'block')} are "
            f"common to all entrants. Missing: {missing}. Means over different blocks are not comparable; "
            "the tests use common blocks only."
        )
    if board.failures:
        found.append(
            f"{count(board.failures, 'row')} failed. Each takes the last rank of its block and a normalised "
            "score of 0. Its test score is that of guessing."
        )
    return found


def _size_warnings(board: Board) -> list[str]:
    found = []
    if len(board.datasets) == 1:
        found.append("With one data set, there are no intervals and no tests.")
    elif len(board.datasets) < MIN_DATASETS:
        found.append(
            f"{count(len(board.datasets), 'data set')} are few: intervals are too narrow, and a signed-rank "
            f"test needs {MIN_DATASETS} data sets to find a difference."
        )
    if len(board.seeds) == 1 and board.blocks > 1:
        found.append("Every case was run with one seed, so the intervals do not include the effect of seeds.")
    return found


def _origin_warnings(board: Board, caveats: Caveats) -> list[str]:
    found = []
    if len(board.metrics) > 1:
        named = listing(map(metric, board.metrics))
        found.append(f"Mean test scores and regrets mix metrics ({named}); ranks do not.")
    if caveats.late:
        found.append(f"{count(caveats.late, 'row')} took at least a tenth more than the budget.")
    if len(caveats.machines) > 1 or len(caveats.threads) > 1 or len(caveats.devices) > 1:
        found.append(
            "Rows come from different machines, devices or numbers of threads: times are not comparable."
        )
    return found


def tests(found: Significance) -> list[str]:
    """State the results of the significance tests."""
    sentences = [found.reason] if found.friedman is None else _friedman(found.friedman)
    if found.min_p_holm is not None and found.min_p_holm >= ALPHA:
        sentences.append(
            "Pairs were tested by Wilcoxon's signed-rank test. With so few data sets for so many pairs, the "
            f"smallest possible corrected p is {found.min_p_holm:.2f}, so no pair can differ significantly."
        )
    elif found.min_p_holm is not None:
        significant = sum(pair.significant for pair in found.pairs)
        tested = sum(pair.p is not None for pair in found.pairs)
        sentences.append(
            f"{significant} of {count(tested, 'pair')} differ significantly by Wilcoxon's signed-rank test "
            "with Holm's correction."
        )
    elif found.pairs and found.friedman is not None:
        sentences.append(f"No pair has the {MIN_DATASETS} unequal data sets that a signed-rank test needs.")
    return sentences


def _friedman(found: FriedmanTest) -> list[str]:
    p = f"p = {found.p:.3f}" if found.p >= 0.001 else "p < 0.001"
    result = "finds differences" if found.p < ALPHA else "finds no difference, so there is no post-hoc test"
    sentences = [
        f"Friedman's test over {count(found.datasets, 'data set')} {result} "
        f"(χ² = {found.statistic:.1f}, {p})."
    ]
    if found.p < ALPHA:
        sentences.append(
            "By Nemenyi's test, two entrants differ if their mean ranks are "
            f"{found.critical_difference:.2f} or more apart."
        )
    return sentences


def rules(found: Findings) -> list[str]:
    """State accuracy and cost of the rule of thumb.

    The text is empty if the rule was not scored.
    """
    measure = found.measure
    thumb = next((rule for rule in found.rules if rule.kind == "thumb"), None)
    if thumb is None:
        return []
    sentences = [
        f"The rule of thumb names the family of the best single strategy in {percent(thumb.accuracy)} of "
        f"{count(thumb.blocks, 'block')}. Following it costs {regret_text(thumb.regret, measure)}"
        f"{measure.unit} of test {measure.name}."
    ]
    always = [rule for rule in found.rules if rule.kind == "always"]
    if always:
        sentences.append(
            f"The best constant choice, {rule_name(always[0])}, costs "
            f"{regret_text(always[0].regret, measure)}, but it is known only afterwards."
        )
    return sentences


def selection(findings: Findings) -> list[str]:
    """State regrets and selection bias, and explain the tests."""
    found, measure = findings.selection, findings.measure
    if found is None:
        return []
    methods = [method for method in found.methods if method.regret is not None]
    sentences = _regrets(methods, measure)
    if found.bias is not None:
        sentences.append(
            "The best single strategy is chosen by the test images that score it. By this selection bias, it "
            f"scores {regret_text(found.bias, measure)}{measure.unit} too high on average (bootstrap of the "
            "images), and every regret is too large by the same amount. Randomness of training adds to this."
        )
    elif methods:
        sentences.append(
            "The best single strategy is chosen by the test images that score it. So its score and every "
            "regret are too large; this selection bias was not measured."
        )
    if any(method.p is not None for method in methods):
        sentences.append(
            "p is from Wilcoxon's signed-rank test over pairs of data set and seed. Seeds of a data set may "
            "share test images, which makes p too small. The tests over data sets are above."
        )
    return sentences


def _regrets(methods: list[Method], measure: Measure) -> list[str]:
    sentences = []
    if searches := [method for method in methods if method.kind in SEARCH_KINDS]:
        regrets = listing(f"{method_name(each)} {regret_text(each.regret, measure)}" for each in searches)
        sentences.append(
            f"Mean regret in test {measure.name}, against the best single strategy of every block: {regrets}"
            f"{measure.unit}. The best strategy is known only afterwards."
        )
    if always := [method for method in methods if method.kind not in SEARCH_KINDS]:
        sentences.append(
            f"The best constant choice, {method_name(always[0])}, costs "
            f"{regret_text(always[0].regret, measure)}, and the worst, {method_name(always[-1])}, "
            f"{regret_text(always[-1].regret, measure)}."
        )
    return sentences


def reading() -> list[str]:
    """Explain every measure of the tables in a sentence."""
    return [
        "A case is a data set, shots, a backbone and a budget; a block is a case with a seed. Entrants are "
        "compared within blocks, on the same images.",
        "Mean rank: 1 is the best rank in every case; ties share the mean rank.",
        "Normalised: 1 for the best score of a block, 0 for the worst, averaged over cases.",
        "Wins: blocks with the highest score; ties are shared.",
        "Regret: score of the best single strategy of the same block minus the entrant's score. A negative "
        "regret is better than every single strategy.",
        "Time: wall-clock time from the start of the process to its end; of budget is its mean fraction of "
        "the budget. Failed rows are left out.",
        f"Brackets contain 95% intervals from {RESAMPLES:,} resamples of data sets, and of seeds in each. "
        "Overlapping intervals do not imply equality.",
        "Tests are over data sets, because data sets are independent; cases and seeds of a data set are not. "
        f"The significance level is {ALPHA:g}.",
        f"The rule of thumb: data is little below {MANY_IMAGES:,} images or {MANY_PER_CLASS} per class, and "
        f"near from a likeness of {SIMILAR:g}. Little and near: frozen. Little and far: partly frozen, or "
        "fine-tuned if that is not offered. Much: fine-tuned.",
        "A family is represented by its strategy with the best validation score in the block. The constant "
        "choice of a strategy is the strategy's own row.",
    ]


def _not_different(found: FriedmanTest, entrant: str) -> list[str]:
    """Return the other entrants in the groups of an entrant, in order of rank."""
    near = {name for group in found.groups if entrant in group for name in group} - {entrant}
    return [name for name, _ in found.ranks if name in near]

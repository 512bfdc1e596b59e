from autotl.leaderboard.render import sentences
from autotl.leaderboard.render.findings import findings


def rows_of(row, datasets, seeds=1, **entrants):
    return [
        row(name, score, dataset=f"d{d}", seed=seed, split=f"b2:{d}-{seed}")
        for name, score in entrants.items()
        for d in range(datasets)
        for seed in range(seeds)
    ]


def warned(rows):
    found = findings(rows)
    return " ".join(sentences.warnings(found.board, found.caveats))


def test_a_leader_that_differs_from_all(row):
    rows = rows_of(row, 30, a=0.9, b=0.5, c=0.1)
    assert sentences.finding(findings(rows)).endswith("It differs significantly from all others.")


def test_a_lead_without_a_test_is_not_significant(row):
    said = sentences.finding(findings(rows_of(row, 2, a=0.9, b=0.5, c=0.1)))
    assert "This difference was not tested. Friedman's test needs 3 data sets" in said


def test_few_data_sets_and_one_seed_give_warnings(row):
    assert "With one data set, there are no intervals" in warned(rows_of(row, 1, a=0.5))
    assert "3 data sets are few" in warned(rows_of(row, 3, a=0.5))
    assert "are few" not in warned(rows_of(row, 6, a=0.5))
    assert "run with one seed" in warned(rows_of(row, 6, a=0.5))
    assert "run with one seed" not in warned(rows_of(row, 6, seeds=2, a=0.5))


def test_different_machines_and_metrics_give_warnings(row):
    rows = [row("a"), row("a", dataset="other", machine="a laptop", metric="f1", split="b2:1")]
    assert "times are not comparable" in warned(rows)
    assert "mix metrics (accuracy and f1)" in warned(rows)


def test_a_clean_board_has_no_warnings(row):
    assert warned(rows_of(row, 6, seeds=2, a=0.5, b=0.6)) == ""


def test_testable_pairs_are_counted(row):
    said = " ".join(sentences.tests(findings(rows_of(row, 12, a=0.9, b=0.5)).tests))
    assert "1 of 1 pair differ significantly" in said

from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.stats.caveats import caveats


def test_failures_are_listed_by_entrant_and_reason(suite):
    (failure,) = caveats(make_grid(suite)).failures
    assert (failure.entrant, failure.error, failure.rows) == ("ludwig", "RuntimeError: out of memory", 2)
    assert failure.cases == ("eurosat",)


def test_missing_rows_are_listed(row):
    found = caveats(make_grid([row("a"), row("b"), row("a", seed=1)])).missing
    assert [(each.entrant, each.blocks, each.cases) for each in found] == [("b", 1, ("flowers",))]


def test_different_values_are_listed_with_their_rows(row):
    rows = [row("a"), row("b"), row("c", threads=2, versions={"autotl": "0.1.0", "torch": "2.12"})]
    found = caveats(make_grid(rows))
    assert found.machines == ("4 cores",)
    assert found.threads == ("1 (2 rows)", "2 (1 row)")
    assert found.versions == ("autotl 0.1.0", "torch 2.11 (2 rows) and 2.12 (1 row)")


def test_late_rows_are_counted(row):
    assert caveats(make_grid([row("a", seconds=65.9), row("b", seconds=66.1)])).late == 1

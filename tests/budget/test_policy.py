"""All fractions of the budget are in one place, each with its reason."""

from __future__ import annotations

import ast
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from autotl.budget import policy
from autotl.budget.policy import POLICY, BudgetPolicy
from autotl.clock import Budget


def test_each_fraction_says_whether_it_was_measured() -> None:
    tree = ast.parse(Path(policy.__file__).read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if getattr(node, "name", "") == "BudgetPolicy")
    said = {
        ast.unparse(one.target): other.value.value
        for one, other in pairwise(body)
        if isinstance(one, ast.AnnAssign) and isinstance(other, ast.Expr)
    }
    assert said.keys() == {each.name for each in fields(BudgetPolicy)}
    for name, text in said.items():
        assert "Measured:" in text or "hosen, not measured" in text, name


def test_a_plan_divides_the_budget() -> None:
    plan = POLICY.plan(Budget(100.0), trial_seconds=12.0, reserve={"refit": 5.0, "report": 1.5, "soup": 0.0})
    assert plan.reading == pytest.approx(8.0)
    assert plan.first_pass == pytest.approx(0.35 * 92.0)
    assert plan.analysis == pytest.approx(8.0)
    assert plan.search_until == pytest.approx(93.5)
    assert str(plan) == (
        "Time plan: reading 8.0 s, first pass 32 s, analysis 8.0 s, 12 s per trial. "
        "The search ends after 1 min 34 s, to keep refit 5.0 s, report 1.5 s."
    )


def test_without_a_time_limit_there_is_nothing_to_plan() -> None:
    plan = POLICY.plan(Budget(trials=3), reserve={"report": 1.5})
    assert (plan.budget, plan.search_until, plan.reserve) == (None, None, {})
    assert str(plan) == "Time plan: no time limit."

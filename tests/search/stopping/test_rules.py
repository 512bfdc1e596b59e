"""A stopping rule is one class and one entry of the tuple."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from autotl.api import Arm, State
from autotl.builtin.executors.serial import Serial
from autotl.clock import Budget, FakeClock
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchTime
from autotl.search.stopping import rules
from autotl.search.stopping.rule import StoppingRule, TrialStep
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.trials.history import TrialHistory
from autotl.trials.restore import SearchRecord
from autotl.trials.trial import Trial


class Whim(StoppingRule):
    """Prunes every trial at its first score, and keeps the arm from a fourth."""

    state: State = "pruned"
    reason = "pruned on a whim"

    def ends_trial(self, step: TrialStep) -> bool:
        return True

    def arm_reason(self, arm: Arm) -> str:
        return "enough of it" if len(self._context.history.scored_trials(arm)) > 2 else ""


def test_a_new_rule_is_asked_and_its_reason_is_recorded(
    fakes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, Whim))
    strategy, clock = fakes.Fake("a"), FakeClock()
    work = fakes.FakeWork({"a": strategy}, clock, tmp_path)
    history = TrialHistory(work.labels())
    search = Search(
        fakes.space_of(strategy),
        SearchRecord(history),
        SearchTime(Budget(seconds=100.0), clock, lambda: 100.0),
        StudyFactory(open_storage(None), 0),
        Silence(),
    )
    found = list(search.run(Serial(), work))
    trials: list[Trial] = [*history.trials.values()]
    assert len(trials) == 3
    assert [trial.state for trial in trials] == ["complete", "pruned", "pruned"]  # defaults are never pruned
    assert {trial.why for trial in trials[1:]} == {"pruned on a whim"}
    assert found[0] is trials[0]

"""A damaged study file is renamed, and the studies are made again from the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from optuna.trial import TrialState

from autotl.api import Arm
from autotl.search.studies.arm_study import ArmStudy
from autotl.search.studies.optuna_storage import close_storage, open_storage, with_storage

TRIED = {0: {"x": 0.5}, 1: {"x": 0.25}, 4: {"x": 0.75}}
SCORED: Any = {0: ("complete", 0.7), 1: ("failed", None), 2: ("complete", 0.9), 4: ("pruned", 0.6)}


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 80)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").touch()


def other_schema(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE trials (colour TEXT)")
    connection.close()


def tampered(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trial_params SET distribution_json = '[[['")
    connection.close()


def tampered_number(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trial_user_attributes SET value_json = '\"none\"'")
    connection.close()


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))
    path.symlink_to("elsewhere.db")


def study(fakes: ModuleType, storage: Any, *, asked: bool = False) -> ArmStudy:
    arm = Arm("a", "net")
    known: Any = {} if asked else {"tried": TRIED, "scored": SCORED}
    return ArmStudy(arm, fakes.space_of(fakes.Fake("a")), storage=storage, seed=0, **known)


def told(made: ArmStudy) -> list[tuple[float, TrialState, float | None]]:
    return [
        (each.params["a.x"], each.state, each.value if each.state == TrialState.COMPLETE else None)
        for each in made._study.get_trials(deepcopy=False)
    ]


WHOLE = [
    (0.5, TrialState.COMPLETE, 0.7),
    (0.25, TrialState.FAIL, None),
    (0.75, TrialState.PRUNED, None),
]


@pytest.mark.parametrize(
    "damage", [garbage, truncated, folder, other_schema, tampered, tampered_number, linked]
)
def test_a_damaged_file_is_renamed_and_made_again(
    fakes: ModuleType, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "study.db"
    first, storage, notes = with_storage(lambda each: study(fakes, each), path)
    close_storage(storage)
    assert told(first) == WHOLE
    assert not notes
    damage(path)
    again, storage, [note] = with_storage(lambda each: study(fakes, each), path)
    close_storage(storage)
    assert told(again) == WHOLE
    assert note.startswith("study.db was damaged (")
    assert note.endswith("It is kept as study.damaged.db, and a new file was made.")
    assert (tmp_path / "study.damaged.db").exists()


def test_a_second_damaged_file_does_not_replace_the_first(fakes: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    for name in ("study.damaged.db", "study.damaged1.db"):
        path.write_bytes(name.encode() * 1000)
        _, storage, [note] = with_storage(lambda each: study(fakes, each), path)
        close_storage(storage)
        assert name in note
        assert (tmp_path / name).read_bytes() == name.encode() * 1000


def test_the_file_stays_if_it_is_not_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    close_storage(open_storage(path))
    before = path.read_bytes()

    def failing(storage: Any) -> None:
        raise RuntimeError("another fault")

    with pytest.raises(RuntimeError, match="another fault"):
        with_storage(failing, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["study.db"]


def test_a_study_is_told_each_trial_once(fakes: ModuleType, tmp_path: Path) -> None:
    for _ in range(2):
        made, storage, _ = with_storage(lambda each: study(fakes, each), tmp_path / "study.db")
        close_storage(storage)
        assert told(made) == WHOLE


def test_a_study_that_lost_a_running_trial_opens_it_again(fakes: ModuleType) -> None:
    made = study(fakes, open_storage(None))
    made.ask_again(5, {"x": 0.125})
    made.tell(5, "complete", 0.8)
    assert told(made)[-1] == (0.125, TrialState.COMPLETE, 0.8)

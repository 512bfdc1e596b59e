"""The checks of a contract, run by a function: built-ins pass, and each fault is named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from autotl.api import Reference
from autotl.builtin.reporters.markdown import autotl_reporters
from autotl.builtin.similarity.frechet import Frechet
from autotl.builtin.transferability.h_score import autotl_transferabilities
from autotl.testing import (
    CheckFailed,
    check_reporter,
    check_similarity,
    check_transferability,
    run_checks,
)


class Backwards(Frechet):
    """A similarity in place of a distance."""

    def distance(self, features: NDArray[Any], source: Reference) -> float:
        return -super().distance(features, source)


class Forgetful:
    """A reporter that does not return its files."""

    name, summary = "forgetful", "writes and forgets"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.txt").write_text("a")
        return ()


def test_built_ins_pass() -> None:
    check_similarity(Frechet())
    for score in autotl_transferabilities():
        check_transferability(score)
    for reporter in autotl_reporters():
        check_reporter(reporter)


def test_a_similarity_in_place_of_a_distance_is_named() -> None:
    said = r"farther_features_are_farther: .* must have a larger distance \(got .*\)\. Change the sign"
    with pytest.raises(CheckFailed, match=said):
        check_similarity(Backwards())


def test_an_assertion_without_a_message_shows_its_line() -> None:
    with pytest.raises(CheckFailed, match=r"^Forgetful fails") as failed:
        check_reporter(Forgetful())
    assert re.search("return every file that was written", str(failed.value))


def test_an_object_of_another_kind_is_named() -> None:
    with pytest.raises(CheckFailed, match=r"keeps_the_contract: This must hold: isinstance"):
        check_similarity(object())  # type: ignore[arg-type]  # a wrong argument on purpose


class Failing:
    """Checks that fail by pytest's own exceptions."""

    def test_a_reason(self) -> None:
        pytest.fail("the reason")

    def test_an_exception_that_is_not_raised(self) -> None:
        with pytest.raises(ValueError, match="no"):
            str(self)


def test_a_failure_of_pytest_is_named() -> None:
    with pytest.raises(CheckFailed, match=r"(?s)fails 2 checks:\na_reason: the reason\n.*DID NOT RAISE"):
        run_checks._run(Failing, "checked", object())

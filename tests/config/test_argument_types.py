"""Arguments of a wrong type or an absurd size are refused before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autotl
from autotl.config.argument_types import check_arguments
from autotl.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_size", 0),
        ("image_size", 1.5),
        ("image_size", "64"),
        ("image_size", 100_000),
        ("image_size", True),
        ("trials", "2"),
        ("test", "0.2"),
        ("test", None),
        ("workers", None),
        ("workers", 10**9),
        ("device", None),
        ("seed", -1),
        ("seed", 0.5),
        ("budget", ["5m"]),
        ("out", "run\0"),
        ("out", "x" * 300),
        ("out", "caf\udce9"),
        ("out", 3),
        ("backbone", None),
        ("backbone", ["tiny", 3]),
        ("ensemble", "yes"),
        ("label", 2),
        ("metric", 3),
    ],
)
def test_a_wrong_argument_is_named_with_its_rule(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name} must be .* \(got "):
        autotl.fit(tmp_path, **{"out": tmp_path / "run"} | {name: value})
    assert not (tmp_path / "run").exists()


def test_other_calls_check_theirs(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="image_size must be"):
        autotl.analyze(tmp_path, image_size=0)
    with pytest.raises(ArgumentError, match="run must be a path"):
        autotl.resume(None)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="run must be a path"):
        autotl.load("\0")


def test_rules_come_from_the_type_and_the_facts_of_an_option() -> None:
    with pytest.raises(ArgumentError) as caught:
        check_arguments({"max_size": 1.5})
    expected = "max_size must be a size such as '10MB', an integer (bytes) or None (got 1.5, float)."
    assert str(caught.value) == expected


def test_numbers_of_numpy_and_generators_are_accepted() -> None:
    check_arguments(
        {"trials": np.int64(3), "test": np.float32(0.2), "ensemble": np.bool_(True), "budget": 60}
    )
    names = (name for name in ("a", "b"))
    check_arguments({"without": names})
    assert list(names) == ["a", "b"]


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ArgumentError) as caught:
        check_arguments({"trials": "9" * 10_000})
    assert len(str(caught.value)) < 200

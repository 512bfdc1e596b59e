"""Run the checks of a contract in a function.

pytest must be installed, but does not run.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import extract_tb
from typing import Any

import pytest

from autotl.api import AnySimilarity, Reporter, Target, Transferability
from autotl.errors import FAILURES, described
from autotl.testing.check_failed import CheckFailed
from autotl.testing.reporter import ReporterChecks
from autotl.testing.similarity import SimilarityChecks
from autotl.testing.target import TargetChecks
from autotl.testing.transferability import TransferabilityChecks


def check_similarity(similarity: AnySimilarity) -> None:
    """Check a similarity. Raises CheckFailed with a line for each failure."""
    _run(SimilarityChecks, "similarity", similarity)


def check_transferability(transferability: Transferability) -> None:
    """Check a transferability score. Raises CheckFailed with a line for each failure."""
    _run(TransferabilityChecks, "transferability", transferability)


def check_reporter(reporter: Reporter) -> None:
    """Check a reporter. Raises CheckFailed with a line for each failure."""
    _run(ReporterChecks, "reporter", reporter)


def check_target(target: Target) -> None:
    """Check a target. Raises CheckFailed with a line for each failure."""
    _run(TargetChecks, "target", target)


def _run(checks: type, attribute: str, checked: object) -> None:
    """Run each test of a class with an object, and name all failures at once."""
    case = type(checks.__name__, (checks,), {attribute: checked})()
    failed: dict[str, str] = {}
    for name in (name for name in dir(case) if name.startswith("test_")):
        for arguments in _arguments(getattr(case, name)):
            if message := _failure(getattr(case, name), arguments):
                failed.setdefault(name, message)
    if failed:
        lines = [f"{name.removeprefix('test_')}: {message}" for name, message in failed.items()]
        title = f"{type(checked).__name__} fails {len(failed)} checks:"
        raise CheckFailed("\n".join([title, *lines]))


def _arguments(method: Any) -> Iterator[dict[str, Any]]:
    """Yield the values of a parametrized test, as pytest gives them."""
    marks = [mark for mark in getattr(method, "pytestmark", ()) if mark.name == "parametrize"]
    for values in product(*(mark.args[1] for mark in marks)):
        yield {mark.args[0]: value for mark, value in zip(marks, values, strict=True)}


def _failure(method: Any, arguments: dict[str, Any]) -> str:
    """Return the reason of a failure; "" if the test passes."""
    with TemporaryDirectory() as folder:
        paths = {"tmp_path": Path(folder)} if "tmp_path" in inspect.signature(method).parameters else {}
        try:
            method(**arguments, **paths)
        except pytest.skip.Exception:
            return ""  # the check does not apply
        except pytest.fail.Exception as error:
            return str(error) or "It failed without a reason."
        except AssertionError as error:
            return str(error) or f"This must hold: {_assertion(error)}"
        except FAILURES as error:  # code of a plugin
            return f"It raised {described(error)}"
    return ""


def _assertion(error: AssertionError) -> str:
    """Return the line of an assertion without a message."""
    return (extract_tb(error.__traceback__)[-1].line or "").removeprefix("assert ")

"""The report names the command as a user types it."""

from __future__ import annotations

import sys

import pytest

from autotl.report.environment import command_line


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["/home/me/bin/autotl", "fit", "data"], "autotl fit data"),
        (["/lib/autotl/__main__.py", "fit", "data"], "autotl fit data"),
        ([], ""),
    ],
)
def test_the_command_has_no_folder(arguments: list[str], shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert command_line() == shown

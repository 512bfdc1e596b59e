"""Check the contract of a reporter, for built-ins and plugins alike."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotl.api import Reporter

REPORT: Mapping[str, Any] = {
    "format": 1,
    "name": "pets <of & by> “someone” 🐕",
    "classes": ["cat", "<b>dog</b> | 犬"],
    "verdict": {
        "transfer": "no_measurable_difference",
        "strategy": "linear_probe",
        "backbone": "tiny",
        "sentence": "Transfer makes no measurable difference on this data.",
    },
    "what": {"backbone": "tiny", "transferred_stages": ["stem"], "frozen_stages": ["stem"]},
    "when": {"n_train": 40, "n_classes": 2, "transfer_gain": {"value": 0.05, "ci95": [-0.1, 0.2]}},
    "test": {"metric": "accuracy", "value": 0.8, "ci95": [0.6, 0.95], "n": 20, "confusion": [[9, 1], [3, 7]]},
    "arms": [{"strategy": "linear_probe", "backbone": "tiny", "trials": 1, "test": 0.8, "ci95": [0.6, 0.95]}],
    "seed": 0,
}
"""A small report with invented numbers, and names that need escaping."""

SECTIONS = ("verdict", "what", "when", "how", "test", "quality", "arms", "search", "cost", "trials", "split")


class ReporterChecks:
    """Conformance checks of :class:`autotl.api.Reporter`, to be subclassed.

    >>> class TestSlides(ReporterChecks):
    ...     reporter = Slides()
    """

    reporter: Reporter

    def test_it_says_what_it_is(self) -> None:
        assert isinstance(self.reporter, Reporter)
        assert self.reporter.name.isidentifier(), "the name is typed after --format: letters, digits and _"
        assert "\n" not in self.reporter.summary
        assert self.reporter.summary, "the summary is shown by `autotl plugins`"

    def test_it_writes_below_the_folder_and_says_which_files(self, tmp_path: Path) -> None:
        folder = tmp_path / "run"
        written = self.reporter.write(REPORT, folder)
        found = {path for path in folder.rglob("*") if path.is_file()}
        assert set(written) == found, "return every file that was written, and leave no temporary files"
        assert found, "a reporter writes at least one file"
        assert all(path.stat().st_size for path in found)
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == found

    def test_writing_again_gives_the_same_files(self, tmp_path: Path) -> None:
        first = {path: path.read_bytes() for path in self.reporter.write(REPORT, tmp_path)}
        assert {path: path.read_bytes() for path in self.reporter.write(REPORT, tmp_path)} == first

    def test_it_leaves_the_report_as_it_was(self, tmp_path: Path) -> None:
        report = copy.deepcopy(dict(REPORT))
        self.reporter.write(report, tmp_path)
        assert json.dumps(report) == json.dumps(REPORT)

    def test_it_writes_a_report_in_which_nothing_was_measured(self, tmp_path: Path) -> None:
        self.reporter.write({}, tmp_path / "empty")
        self.reporter.write(dict.fromkeys([*REPORT, *SECTIONS]), tmp_path / "null")
        for section in SECTIONS:
            self.reporter.write({**REPORT, section: None}, tmp_path / section)

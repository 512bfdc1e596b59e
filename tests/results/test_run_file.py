"""A file that describes no run is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotl.errors import RunError
from autotl.results import read_run_file


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": 99}',
        '{"format": 1}',
        '{"format": 1, "arguments": 3, "autotl": "", "plugins": {}}',
        '{"format": 1, "arguments": {}, "autotl": "", "plugins": {"a": 1}}',
        '{"format": 1, "arguments": {}, "autotl": "", "plugins": {}, "elapsed": "9"}',
        '{"format": 1, "arguments": {}, "autotl": "", "plugins": {}, "ended": "never"}',
        "[" * 100_000,
    ],
)
def test_an_invalid_run_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError):
        read_run_file(tmp_path)

"""What works without pyarrow, and what is said of the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

READ = """
import sys
sys.modules["pyarrow"] = None  # importing it fails, as if it was not installed
from autotl import plugins
from autotl.api import Columns
from autotl.data import read
from autotl.errors import BenchError, DataError

readers = plugins.load().readers.items
print(read("t.csv", readers=readers).classes)
try:
    read("t.parquet", readers=readers)
except DataError as error:
    print(error)
try:
    from autotl.leaderboard import read_rows
except BenchError as error:
    print(error)
"""


def test_csv_is_read_and_parquet_names_the_extra(tmp_path: Path) -> None:
    lines = ["image,label"]
    for number in range(8):
        Image.new("RGB", (16, 16), (number * 20, 0, 0)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{'ab'[number % 2]}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    done = subprocess.run(
        [sys.executable, "-c", READ], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    classes, parquet, rows = done.stdout.splitlines()
    assert classes == "('a', 'b')"
    assert "pip install 'autotl[parquet]'" in parquet
    assert "pip install 'autotl[bench]'" in rows

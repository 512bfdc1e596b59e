"""Fetch the weights of TabICL, and convert them to safetensors."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autotl.errors import WeightsError
from autotl_tabicl.weights import CHECKPOINT, convert, download, weights_file


def main(arguments: list[str] | None = None) -> int:
    """Convert a checkpoint, print the new file's path, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m autotl_tabicl", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help=f"a copy of {CHECKPOINT}; default: download it")
    parser.add_argument("--sha256", default="", help="SHA-256 of the file, from its page on the hub")
    given = parser.parse_args(arguments)
    try:
        convert(given.file or download(), weights_file(), sha256=given.sha256)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1
    print(weights_file())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

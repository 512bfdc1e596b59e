"""Execute the notebooks of the documentation and write their outputs: ``python -m tests.notebooks``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.notebooks.executing import NOTEBOOKS, executed, faults


def main(names: list[str]) -> int:
    """Execute all notebooks, or those of some names; return 1 if an output has a fault."""
    found = []
    for path in NOTEBOOKS:
        if names and path.stem not in names:
            continue
        with TemporaryDirectory(prefix="autotl-notebook-") as folder:
            notebook = executed(path, Path(folder))
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        found += [f"{path.name}: {each}" for each in faults(notebook)]
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    print(*found, sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

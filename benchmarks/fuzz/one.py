"""Fuzz one target in this process, which ``python -m benchmarks.fuzz`` starts."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["autotl"]):
    from autotl.errors import AutotlError
    from benchmarks.fuzz.targets import TARGETS


def main() -> None:
    """Run libFuzzer; the arguments are target, work folder, run folder and libFuzzer's options."""
    name, work, run, *rest = sys.argv[1:]
    target, known = TARGETS[name], dict[str, str]()
    folder = Path(work)

    def read(content: bytes) -> None:
        try:
            target.read(content, folder / "work", Path(run))
        except AutotlError:
            return
        except Exception as error:  # a finding; the fuzzer continues to find more
            where = traceback.extract_tb(error.__traceback__)
            own = [each for each in where if f"{os.sep}autotl{os.sep}" in each.filename] or list(where)
            key = f"{type(error).__name__} in {Path(own[-1].filename).name}:{own[-1].lineno}"
            if key not in known:
                known[key] = str(error)[:200]
                (folder / f"finding-{len(known)}").write_bytes(content)
                findings = [f"{each}: {message}" for each, message in known.items()]
                (folder / "findings.json").write_text(json.dumps(findings))

    (folder / "work").mkdir(exist_ok=True)
    for content in target.seeds(Path(run)):  # imports what is imported on first use: a file's time is limited
        read(content)
    atheris.Setup([sys.argv[0], *rest], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""Fuzz the functions that read files: ``python -m benchmarks.fuzz --minutes 60``.

Needs ``pip install atheris``.

Each target runs for the same time in a separate process. It mutates valid files, guided by the coverage of
autotl's code. An error class of autotl is the correct reaction to a broken file. Any other exception is a
finding. A process that dies, needs more than 2 GiB, or takes ten seconds for one file is a finding too.
Prints a row for each target, and the findings, once for each place in the code.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fuzz.targets import TARGETS, a_run

MAX_MEMORY_MB, MAX_SECONDS = 2048, 10
"""The largest memory of a target, and the longest time for one file."""


def main() -> int:
    """Fuzz each target, and print the findings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--only", nargs="+", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        run = a_run(Path(folder) / "run")
        print("| target | files | findings |\n|---|--:|--:|")
        lines = []
        for name in given.only:
            work = Path(folder) / name
            seconds = 60 * given.minutes / len(given.only)
            files, findings = fuzz(name, work, run, seconds=seconds, seed=given.seed)
            print(f"| {name} | {files:,} | {len(findings)} |", flush=True)
            lines += [f"{name}: {each}" for each in findings]
            found += len(findings)
        print("\n".join(lines))
    return bool(found)


def fuzz(name: str, work: Path, run: Path, *, seconds: float, seed: int) -> tuple[int, list[str]]:
    """Fuzz one target.

    Args:
        name: Name of the target.
        work: Folder for its files.
        run: A finished run, whose files are mutated.
        seconds: Duration.
        seed: Seed of the mutations.

    Returns:
        The number of files that were read, and the findings.
    """
    corpus = work / "corpus"
    corpus.mkdir(parents=True)
    for number, content in enumerate(TARGETS[name].seeds(run)):
        (corpus / f"seed-{number}").write_bytes(content)
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.fuzz.one",
            name,
            str(work),
            str(run),
            str(corpus),
            f"-max_total_time={seconds:.0f}",
            f"-rss_limit_mb={MAX_MEMORY_MB}",
            f"-timeout={MAX_SECONDS}",
            f"-seed={seed}",
            "-max_len=65536",
            f"-artifact_prefix={work}/",
            "-print_final_stats=1",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    output = ended.stderr.splitlines()
    files = [int(line.split(":")[-1]) for line in output if "number_of_executed_units" in line]
    file = work / "findings.json"
    findings = list(json.loads(file.read_text())) if file.is_file() else []
    if ended.returncode:
        findings.append(f"exit {ended.returncode}: {' '.join(output[-3:])[:300]}")
    return (files[-1] if files else 0), findings


if __name__ == "__main__":
    raise SystemExit(main())

"""Fuzz what reads files: ``python -m benchmarks.fuzz --minutes 60`` (needs ``pip install atheris``).

Each target gets an equal share of the time in a process of its own. It starts from valid files, which it
mutates, guided by the coverage of autotl's own code. An error of autotl is the right answer to a broken file.
Any other exception is a finding, and so is a process that dies, takes more than 2 GiB, or takes ten seconds
for one file. Prints a row for each target, and the findings, each place in the code once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fuzz.targets import TARGETS, a_run

MEMORY, HANGS = 2048, 10
"""MiB that a target may take, and the seconds that one file may."""


def main() -> int:
    """Fuzz each target, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--only", nargs="+", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        run = a_run(Path(folder) / "run")
        print("| target | files | findings |\n|---|--:|--:|")
        told = []
        for name in given.only:
            place = Path(folder) / name
            seconds = 60 * given.minutes / len(given.only)
            files, findings = fuzz(name, place, run, seconds=seconds, seed=given.seed)
            print(f"| {name} | {files:,} | {len(findings)} |", flush=True)
            told += [f"{name}: {each}" for each in findings]
            found += len(findings)
        print("\n".join(told))
    return bool(found)


def fuzz(name: str, place: Path, run: Path, *, seconds: float, seed: int) -> tuple[int, list[str]]:
    """Fuzz one target for some seconds; the files it was given, and the findings."""
    corpus = place / "corpus"
    corpus.mkdir(parents=True)
    for number, content in enumerate(TARGETS[name].seeds(run)):
        (corpus / f"seed-{number}").write_bytes(content)
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.fuzz.one",
            name,
            str(place),
            str(run),
            str(corpus),
            f"-max_total_time={seconds:.0f}",
            f"-rss_limit_mb={MEMORY}",
            f"-timeout={HANGS}",
            f"-seed={seed}",
            "-max_len=65536",
            f"-artifact_prefix={place}/",
            "-print_final_stats=1",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = ended.stderr.splitlines()
    files = [int(line.split(":")[-1]) for line in said if "number_of_executed_units" in line]
    known = place / "findings.json"
    findings = list(json.loads(known.read_text())) if known.is_file() else []
    if ended.returncode:
        findings.append(f"exit {ended.returncode}: {' '.join(said[-3:])[:300]}")
    return (files[-1] if files else 0), findings


if __name__ == "__main__":
    raise SystemExit(main())

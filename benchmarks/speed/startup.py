"""How long the command line takes to start, beside a bare interpreter.

Run ``python -m benchmarks.speed.startup --rounds 9``; the first round, which fills the disk's cache, is left
out. Expect ``import autotl`` under 0.3 s and ``autotl --help`` under 0.5 s: 0.08 s and 0.28 s on an AMD EPYC
(Zen 3, Python 3.11).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from functools import partial
from typing import Any

from benchmarks.speed.timing import alternate, ratio, spread

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import autotl": ("-c", "import autotl"),
    "autotl --help": ("-m", "autotl", "--help"),
}


def measure(rounds: int) -> dict[str, Any]:
    """Seconds of each command, in alternation, and how many bare interpreters it takes as long as."""
    calls = {name: partial(_run, arguments) for name, arguments in COMMANDS.items()}
    alternate(calls, rounds=1)  # warm
    seconds = alternate(calls, rounds=rounds)
    bare = next(iter(COMMANDS))
    rows = [
        {"command": name, **spread(values), "of a bare one": ratio(seconds, name, bare)}
        for name, values in seconds.items()
    ]
    return {"rounds": rounds, "rows": rows}


def table(found: dict[str, Any]) -> str:
    """The rows for people."""
    lines = ["| command | median, s | min | max | of a bare one |", "| --- | --- | --- | --- | --- |"]
    for row in found["rows"]:
        numbers = " | ".join(f"{value:.3f}" for value in list(row.values())[1:-1])
        lines.append(f"| `{row['command']}` | {numbers} | {row['of a bare one']:.1f} |")
    return "\n".join(lines)


def _run(arguments: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    found = measure(parser.parse_args().rounds)
    print(table(found), file=sys.stderr)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

"""Measure what images besides the labelled ones contribute, with against without.

    python -m benchmarks.kinds ZIPS --out benchmarks/results/kinds.csv --seeds 0 1 2

Each case, budget and seed is run by the command line and gives a row: the best trial with the other images,
the best without them, and the gain with its interval. Nothing else may run on the machine. Rows are appended
after each run, and known rows are not run again.

    python -m benchmarks.kinds ZIPS --out FILE --strategies linear_probe self_training self_supervised

With ``--strategies``, each of them has a run and a row of its own in place of the default search. A strategy
that learns from the other images is searched together with its counterpart, so that its gain is measured.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from autotl import plugins
from autotl.api import roles_of
from autotl.errors import UnknownName
from benchmarks.kinds.cases import CASES, Case, images_of

KEY = ["case", "budget", "seed", "searched"]
DEFAULT = ""
"""Stands for the default strategies in the column ``searched``."""
NOTHING: Mapping[str, Any] = dict.fromkeys(
    ("images", "used", "left_out", "strategy", "compared_with", "gain", "answer", "sentence")
)
"""The contribution of a run without other images."""


def main(arguments: list[str] | None = None) -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zips", type=Path, help="the folder of the zips")
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--budgets", nargs="+", type=float, default=[120.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--backbone", default="efficientnet_lite0", help="a name, or a folder of weights")
    parser.add_argument("--strategies", nargs="+", default=[DEFAULT], help="strategies with a run each")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    for searched in given.strategies:
        options_of("", given.out, searched)  # an unknown name is an error before the first run
    rows = read_rows(given.out)
    chosen = [case for case in CASES if case.name in given.cases]
    with tempfile.TemporaryDirectory(prefix="kinds-") as folder:
        runs = itertools.product(given.seeds, given.budgets, chosen, given.strategies)
        for seed, budget, case, searched in runs:
            key = dict(zip(KEY, (case.name, budget, seed, searched), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            try:
                found = run(case, given, Path(folder), budget=budget, seed=seed, searched=searched)
            except subprocess.CalledProcessError as error:
                print(f"{key}: {error}", file=sys.stderr)
                continue
            rows.append(key | found)
            pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
            print(rows[-1]["sentence"] or key, flush=True)
    print(pd.DataFrame(rows).drop(columns="sentence", errors="ignore").round(3).to_string(index=False))


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it does not exist.

    Rows without the column ``searched`` are of the default strategies.
    """
    if not file.exists():
        return []
    table = pd.read_csv(file)
    searched = table["searched"] if "searched" in table else pd.Series(DEFAULT, index=table.index)
    found: list[dict[str, Any]] = table.assign(searched=searched.fillna(DEFAULT)).to_dict("records")
    return found


def run(
    case: Case, given: argparse.Namespace, folder: Path, *, budget: float, seed: int, searched: str
) -> dict[str, Any]:
    """Run ``autotl fit`` once, and return the columns of its row.

    Args:
        case: The case.
        given: The zips and the backbone.
        folder: Folder for the files of the run.
        budget: The budget in seconds.
        seed: The seed.
        searched: The strategy to search with its counterpart; DEFAULT for the default strategies.
    """
    table, other = images_of(case, given.zips, folder, seed=seed)
    file, out = folder / "table.csv", folder / f"run-{time.monotonic_ns()}"
    table.to_csv(file, index=False)
    command = [sys.executable, "-m", "autotl", "fit", str(file), *options_of(case.role, other, searched)]
    command += ["--budget", f"{budget}s", "--seed", str(seed), "--backbone", str(given.backbone)]
    started = time.monotonic()
    subprocess.run([*command, "--no-experience", "--quiet", "--out", str(out)], check=True)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    columns = columns_of(report, case.role, searched)
    return columns | {"wall_seconds": time.monotonic() - started}


def options_of(role: str, other: Path, searched: str) -> list[str]:
    """Return the options of ``autotl fit`` for the other images and the strategies.

    A strategy that does not learn from the other images does not get them.

    Args:
        role: The option that gets the other images.
        other: The other images.
        searched: The strategy to search with its counterpart; DEFAULT for the default strategies.

    Raises:
        UnknownName: No such strategy is installed.
    """
    images = [f"--{role}", str(other)]
    if searched == DEFAULT:
        return images
    known = plugins.load().strategies.items
    if searched not in known:
        raise UnknownName("strategy", searched, known)
    counterpart = getattr(known[searched], "counterpart", "")
    named = [searched] + [counterpart] * bool(counterpart)
    strategies = [option for name in named for option in ("--strategy", name)]
    return strategies + images * (role in roles_of(known[searched]))


def columns_of(report: Mapping[str, Any], role: str, searched: str = DEFAULT) -> dict[str, Any]:
    """Return the columns of a row from a report.

    Args:
        report: The report of the run.
        role: The role of the other images.
        searched: The strategy of the row, whose test score is ``searched_test``; DEFAULT for none.
    """
    found = next((each for each in report["contributions"] or () if each["role"] == role), NOTHING)
    gain = found["gain"] or {"value": None, "ci95": (None, None), "p": None}
    tests = {arm["strategy"]: arm["test"] for arm in report["arms"]}
    return {
        "role": role,
        "n_train": report["when"]["n_train"],
        "n_test": report["test"]["n"],
        "images": found["images"],
        "used": found["used"],
        "left_out": found["left_out"],
        "strategy": found["strategy"],
        "with_test": tests.get(found["strategy"]),
        "compared_with": found["compared_with"],
        "without_test": tests.get(found["compared_with"]),
        "gain": gain["value"],
        "low": gain["ci95"][0],
        "high": gain["ci95"][1],
        "p": gain["p"],
        "answer": found["answer"],
        "chosen": report["verdict"]["strategy"],
        "test": report["test"]["value"],
        "backbone": report["verdict"]["backbone"],
        "trials": report["search"]["trials"],
        "sentence": found["sentence"],
        "searched_test": tests.get(searched),
    }


if __name__ == "__main__":
    main()

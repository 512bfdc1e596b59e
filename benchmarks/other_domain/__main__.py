"""Train strategies on one domain, and score them on another with the same classes.

    python -m benchmarks.other_domain --data ZIPS

The mean of the probe's and the fine-tuned network's weights is scored as well (WiSE-FT, Wortsman et al., CVPR
2022, share 0.5). A row is appended after each run, and complete seeds are not run again. Nothing else may
run on the machine.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from zipfile import ZipFile

from safetensors.torch import load_file, save_file

import autotl
from autotl.terminal import Silence

RESULTS = Path(__file__).parents[1] / "results" / "other-domain.csv"
BACKBONE = "efficientnet_lite0"
PROBE, TUNED = "linear_probe", ("finetune", "lp_ft")
WEIGHTS = Path("model") / "model.safetensors"


@dataclass(frozen=True, slots=True)
class Score:
    """The accuracy of a network on its own domain and on another.

    Attributes:
        train: The data set to train on.
        other: The data set of the other domain.
        network: The strategy, or ``wise_ft(…)`` for the mean with the probe.
        seed: The seed of the run.
        seconds: The budget.
        own_test: Accuracy on the test part of ``train``.
        other_test: Accuracy on all images of ``other``.
    """

    train: str
    other: str
    network: str
    seed: int
    seconds: float
    own_test: float
    other_test: float


def main() -> None:
    """Run the missing rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the zips")
    parser.add_argument("--train", default="pacs_photo", help="the zip to train on")
    parser.add_argument("--other", default="pacs_sketch", help="the zip of the other domain")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file of rows")
    parser.add_argument("--work", type=Path, default=Path("runs/other-domain"), help="the folder of the runs")
    given = parser.parse_args()
    known = _known(given.out)
    for seed in given.seeds:
        key = given.train, given.other, str(seed), str(given.seconds)
        if key in known:
            continue
        for score in _scores(given, seed):
            _append(given.out, score)
            print(score, flush=True)


def _scores(given: argparse.Namespace, seed: int) -> Iterator[Score]:
    """Train each strategy, and score it and its mean with the probe."""
    runs = {name: _trained(given, name, seed) for name in (PROBE, *TUNED)}
    merged = {f"wise_ft({name})": _merged(given, runs[PROBE], runs[name]) for name in TUNED}
    own = _test_part(given.data / f"{given.train}.zip", given.work / f"{given.train}-test")
    for name, folder in {**runs, **merged}.items():
        result = autotl.load(folder)
        scores = [round(result.evaluate(each).value, 4) for each in (own, given.data / f"{given.other}.zip")]
        yield Score(given.train, given.other, name, seed, given.seconds, *scores)


def _test_part(archive: Path, folder: Path) -> Path:
    """Extract the test part of a zip."""
    with ZipFile(archive) as images:
        images.extractall(folder, [name for name in images.namelist() if name.startswith("test/")])
    return folder / "test"


def _trained(given: argparse.Namespace, strategy: str, seed: int) -> Path:
    out: Path = given.work / f"{given.train}-{strategy}-{given.seconds:g}s-{seed}"
    if not (out / "report.json").exists():
        shutil.rmtree(out, ignore_errors=True)
        autotl.fit(
            given.data / f"{given.train}.zip",
            out=out,
            backbone=BACKBONE,
            budget=given.seconds,
            strategies=strategy,
            experience=False,
            seed=seed,
            watch=Silence(),
        )
    return out


def _merged(given: argparse.Namespace, probe: Path, tuned: Path) -> Path:
    """Return a copy of the tuned run with the mean of both networks' weights."""
    out: Path = given.work / f"{tuned.name}-merged"
    shutil.copytree(tuned, out, dirs_exist_ok=True)
    first, second = load_file(probe / WEIGHTS), load_file(tuned / WEIGHTS)
    mean = {name: ((first[name].float() + each.float()) / 2).to(each.dtype) for name, each in second.items()}
    save_file(mean, out / WEIGHTS)
    return out


def _known(path: Path) -> set[tuple[str, str, str, str]]:
    """Return the seeds whose rows are complete."""
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["train"], row["other"], row["seed"], row["seconds"]) for row in csv.DictReader(file)]
    return {key for key in rows if rows.count(key) == 1 + 2 * len(TUNED)}


def _append(path: Path, score: Score) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow([each.name for each in fields(Score)])
        writer.writerow(astuple(score))


if __name__ == "__main__":
    main()

"""Search with Quick-Tune-Tool and its random optimiser; the learned optimiser would need a download.

Run by ``python -m benchmarks.peers run quicktune JOB.json OUT``. The README of the parent folder describes
the job and the output.
"""

from __future__ import annotations

import time

START = time.time()  # before the imports below, because the budget includes them

import argparse  # noqa: E402
import csv  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
FOLDER = JOB["backbone"]["folder"] or ""
os.environ["OMP_NUM_THREADS"] = str(JOB["threads"])  # torch reads it at import, here and in each trial
os.environ |= {"PEER_FOLDER": FOLDER, "PEER_THREADS": str(JOB["threads"]), "PEER_END": ""}
if FOLDER:
    os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from fimm.finetuning.strategies.normalization import stochnorm  # noqa: E402
from fimm.finetuning.utils import create_finetuning_model  # noqa: E402
from PIL import Image  # noqa: E402
from qtt import QuickTuner, RandomOptimizer  # noqa: E402
from space import EPOCHS, space  # noqa: E402
from trainer import MODEL  # noqa: E402

# imported by name, because the package has a function with the name of the module
finetune = importlib.import_module("qtt.finetune.image.classification.fn")

VALIDATION = 0.2
"""Fraction of each class for validation."""
CONFIGURATIONS = 8
"""Number of random configurations; each trial trains one of them for another epoch."""

NAME = MODEL if FOLDER else JOB["backbone"]["name"]
BATCH = 32
RESERVE = 2.0
"""Seconds reserved for writing the files and for the end of the process."""


class CompatibleRandomOptimizer(RandomOptimizer):
    """The random optimiser with the keys that the tuner expects; the published keys differ."""

    def ask(self) -> dict[str, Any] | None:
        """Return the next trial, or None."""
        trial = super().ask()
        return trial and {**trial, "config-id": trial["config_id"], "fidelity": int(trial["fidelity"])}


def column(file: str, name: str) -> list[str]:
    """Return a column of a CSV file."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def link_images(root: Path) -> dict[str, int]:
    """Create the tool's folders with links to the images, and return the size of each part.

    A random fraction of each class, at least one of two images, is for validation. The folder of a class has
    its index as name.
    """
    rng, sizes = random.Random(JOB["seed"]), {"train": 0, "val": 0}
    files, labels = column(JOB["train"], "image"), column(JOB["train"], "label")
    root.mkdir()
    (root / "classes.txt").write_text("".join(f"{i:05}\n" for i in range(len(JOB["classes"]))))
    for index, name in enumerate(JOB["classes"]):
        in_class = [file for file, label in zip(files, labels, strict=True) if label == name]
        rng.shuffle(in_class)
        validation = max(round(VALIDATION * len(in_class)), int(len(in_class) > 1))
        for position, file in enumerate(in_class):
            part = "val" if position < validation else "train"
            folder = root / part / f"{index:05}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{position:07}{Path(file).suffix}").symlink_to(file)
            sizes[part] += 1
    return sizes


def network() -> torch.nn.Module:
    """Return the checkpoint's network with a new head."""
    return timm.create_model(NAME, pretrained=True, num_classes=len(JOB["classes"]))


def transform(model: torch.nn.Module) -> Any:
    """Return the transform that fimm uses for validation."""
    size = {"img_size": JOB["image_size"]} if JOB["image_size"] else {}
    return timm.data.create_transform(**timm.data.resolve_data_config(size, model=model))


@torch.inference_mode()
def predict(model: torch.nn.Module, files: list[str], prepare: Any) -> np.ndarray:
    """Return log-probabilities (files, classes).

    Args:
        model: The network.
        files: Image files.
        prepare: The transform.
    """
    model.eval().to(JOB["device"])
    rows = []
    for start in range(0, len(files), BATCH):
        images = []
        for file in files[start : start + BATCH]:
            with Image.open(file) as image:
                images.append(prepare(image.convert("RGB")))
        logits = model(torch.stack(images).to(JOB["device"]))[0]
        rows.append(F.log_softmax(logits.float(), dim=1).cpu())
    return torch.cat(rows).numpy()


def seconds_per_image(files: list[str]) -> tuple[float, float]:
    """Return the seconds to predict and to train on an image, measured with one batch."""
    model = create_finetuning_model(
        network(),
        argparse.Namespace(num_classes=len(JOB["classes"]), linear_probing=False, pct_to_freeze=0.0),
    )
    prepare, batch = transform(model._orig_mod), files[:BATCH]
    predict(model, batch[:4], prepare)
    started = time.time()
    predict(model, batch, prepare)
    prediction = (time.time() - started) / len(batch)
    return prediction, 3 * prediction  # a backward pass takes twice as long as a forward pass


def load_best(experiment: Path) -> torch.nn.Module:
    """Load the network of a configuration from the epoch with the best validation accuracy."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        saved = torch.load(experiment / "model_best.pth.tar", map_location="cpu", weights_only=True)
    model = create_finetuning_model(network(), saved["args"])
    if saved["args"].stoch_norm:
        model = stochnorm.convert_model(model)
    model.load_state_dict(saved["state_dict"])
    return model


@dataclass(frozen=True, slots=True)
class Schedule:
    """The planned search.

    Attributes:
        end: The end of the search, as a value of ``time.time``.
        evaluations: Expected number of trials of one epoch.
        epochs: Length of a configuration's schedule in epochs.
    """

    end: float
    evaluations: int
    epochs: int


def plan(sizes: dict[str, int], test: list[str], *, imports: float) -> Schedule:
    """Plan the search from the measured speed.

    Args:
        sizes: Number of training and validation images.
        test: Test images.
        imports: Seconds that the imports of a trial take.
    """
    prediction, training = seconds_per_image(test)
    end = START + JOB["budget_seconds"] - RESERVE - 1.2 * len(test) * prediction
    epoch = imports + sizes["train"] * training + sizes["val"] * prediction
    evaluations = max(1, int((end - time.time()) / epoch))
    return Schedule(end, evaluations, epochs=min(EPOCHS, max(2, evaluations // 4)))


def install_trainer(work: Path, schedule: Schedule) -> None:
    """Make the tool start ``trainer.py`` as ``train``, with the arguments of the job."""
    command = work / "bin" / "train"
    command.parent.mkdir()
    script = Path(__file__).with_name("trainer.py")
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    command.chmod(0o755)
    os.environ["PATH"] = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    arguments = ["--pretrained", "--checkpoint-hist", "1", "--epochs", str(schedule.epochs)]
    arguments += ["--workers", "0", "--device", JOB["device"], "--seed", str(JOB["seed"])]
    arguments += ["--class-map", str(work / "data" / "classes.txt")]
    if JOB["image_size"]:
        arguments += ["--img-size", str(JOB["image_size"])]
    finetune.static_args[:] = arguments


def search(work: Path, sizes: dict[str, int], schedule: Schedule) -> tuple[QuickTuner, list[dict[str, Any]]]:
    """Run the search, and return the tuner with its trials.

    Args:
        work: Folder with the images, for the tool's files.
        sizes: Number of training and validation images.
        schedule: The planned search.
    """

    def trial(configuration: dict[str, Any], *, trial_info: dict[str, Any]) -> dict[str, Any]:
        report = finetune.fn(configuration, trial_info)
        if report["status"]:  # a model exists now, so later trials may be ended early
            os.environ["PEER_END"] = str(schedule.end)
        return report

    cuda = JOB["device"].startswith("cuda")
    configurations = space(NAME, epochs=schedule.epochs, images=sizes["train"], cuda=cuda, seed=JOB["seed"])
    optimiser = CompatibleRandomOptimizer(configurations, schedule.epochs, CONFIGURATIONS, seed=JOB["seed"])
    tuner = QuickTuner(optimiser, trial, path=str(work / "results"))
    info = {"data-dir": str(work / "data"), "train-split": "train", "val-split": "val"}
    info["num-classes"] = len(JOB["classes"])
    _, _, history = tuner.run(time_budget=max(0.0, schedule.end - time.time()), trial_info=info)
    trials = [
        {
            "params": params_of(report["config"], report["config-id"], report["fidelity"]),
            "val": float(report["score"]) if report["status"] else None,
        }
        for report in history
    ]
    return tuner, trials


def params_of(settings: dict[str, Any], configuration: int, epoch: int) -> dict[str, Any]:
    """Return the parameters of a trial: its settings, configuration and epoch."""
    return {**settings, "configuration": int(configuration), "epoch": int(epoch)}


def main() -> None:
    """Run the job, and write ``logits.npy`` and ``entry.json``."""
    torch.set_num_threads(JOB["threads"])
    out, test = Path(sys.argv[2]).resolve(), column(JOB["test"], "image")
    imports = time.time() - START
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        os.chdir(work)  # the tool writes files to the working directory
        sizes = link_images(work / "data")
        schedule = plan(sizes, test, imports=imports)
        install_trainer(work, schedule)
        tuner, trials = search(work, sizes, schedule)
        configuration, settings, score, epoch, _, _ = tuner.get_incumbent()
        if configuration < 0:
            sys.exit("Quick-Tune-Tool trained no configuration for an epoch. Read the output above.")
        model = load_best(Path(tuner.output_dir) / str(configuration))
        np.save(out / "logits.npy", predict(model, test, transform(model._orig_mod)), allow_pickle=False)
    params = params_of(settings, configuration, epoch)
    entry = {
        "plugin": "quicktunetool",
        "version": version("quicktunetool"),
        "val": float(score),
        "params": params,
        "trials": trials,
        "chosen": next(i for i, each in enumerate(trials) if each["params"] == params),
        "notes": [
            "Random optimiser: the meta-learned optimiser, the main feature of the tool, needs a download.",
            f"The search had {CONFIGURATIONS} random configurations. A trial trains one for an epoch.",
            f"The schedule has {schedule.epochs} epochs (published: {EPOCHS}); "
            f"{schedule.evaluations} trials were expected.",
            "sp-reg was excluded because fimm fails with it; amp and stoch-norm are excluded without CUDA.",
            f"{VALIDATION:.0%} of each class were used for validation.",
        ],
        "versions": {name: version(name) for name in ("torch", "timm", "fimm")},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Quick-Tune-Tool on one checkpoint, with its random optimiser: the learned one would have to be downloaded.

Run by ``python -m benchmarks.peers run quicktune JOB.json OUT``; the job and what is written are described in
the README of the folder above.
"""

from __future__ import annotations

import time

BEGIN = time.time()  # before the imports below, which the budget pays for too

import argparse  # noqa: E402
import csv  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
FOLDER = JOB["backbone"]["folder"] or ""
os.environ["OMP_NUM_THREADS"] = str(JOB["threads"])  # read when torch is imported, here and in each trial
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

# the package offers a function of the same name as this module
finetune = importlib.import_module("qtt.finetune.image.classification.fn")

HOLDOUT = 0.2
CANDIDATES = 8
"""Settings to draw; each trial trains one of them, drawn again, for an epoch more."""

NAME = MODEL if FOLDER else JOB["backbone"]["name"]
BATCH = 32
SPARE = 2.0
"""Seconds kept for writing the files and for ending."""


class Random(RandomOptimizer):
    """The random optimiser, which as published names a trial otherwise than the tuner that asks it."""

    def ask(self) -> dict[str, Any] | None:
        trial = super().ask()
        return trial and {**trial, "config-id": trial["config_id"], "fidelity": int(trial["fidelity"])}


def column(file: str, name: str) -> list[str]:
    """One column of a CSV file."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def folders(root: Path) -> dict[str, int]:
    """Lay the images out as the tool wants them, by links, and return the size of each part.

    A share of each class is kept for validation, at least one image of two. A class's folder is named by
    its index.
    """
    rng, sizes = random.Random(JOB["seed"]), {"train": 0, "val": 0}
    files, labels = column(JOB["train"], "image"), column(JOB["train"], "label")
    root.mkdir()
    (root / "classes.txt").write_text("".join(f"{i:05}\n" for i in range(len(JOB["classes"]))))
    for index, name in enumerate(JOB["classes"]):
        own = [file for file, label in zip(files, labels, strict=True) if label == name]
        rng.shuffle(own)
        held = max(round(HOLDOUT * len(own)), int(len(own) > 1))
        for place, file in enumerate(own):
            part = "val" if place < held else "train"
            folder = root / part / f"{index:05}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{place:07}{Path(file).suffix}").symlink_to(file)
            sizes[part] += 1
    return sizes


def network() -> torch.nn.Module:
    """The checkpoint with a new head."""
    return timm.create_model(NAME, pretrained=True, num_classes=len(JOB["classes"]))


def transform(model: torch.nn.Module) -> Any:
    """What fimm does to an image that it validates on."""
    asked = {"img_size": JOB["image_size"]} if JOB["image_size"] else {}
    return timm.data.create_transform(**timm.data.resolve_data_config(asked, model=model))


@torch.inference_mode()
def predict(model: torch.nn.Module, files: list[str], prepare: Any) -> np.ndarray:
    """Log-probabilities of the images (files × classes)."""
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


def seconds(files: list[str]) -> tuple[float, float]:
    """How long an image takes to be predicted, and how long to be trained on, by one batch of each."""
    plain = create_finetuning_model(
        network(),
        argparse.Namespace(num_classes=len(JOB["classes"]), linear_probing=False, pct_to_freeze=0.0),
    )
    prepare, some = transform(plain._orig_mod), files[:BATCH]
    predict(plain, some[:4], prepare)
    begin = time.time()
    predict(plain, some, prepare)
    predicting = (time.time() - begin) / len(some)
    return predicting, 3 * predicting  # a backward pass costs twice a forward pass


def best(experiment: Path) -> torch.nn.Module:
    """The network of a configuration, at the epoch of its best validation accuracy."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        saved = torch.load(experiment / "model_best.pth.tar", map_location="cpu", weights_only=True)
    model = create_finetuning_model(network(), saved["args"])
    if saved["args"].stoch_norm:
        model = stochnorm.convert_model(model)
    model.load_state_dict(saved["state_dict"])
    return model


def main() -> None:
    """Do the job and write ``logits.npy`` and ``entry.json``."""
    torch.set_num_threads(JOB["threads"])
    out, budget, test = Path(sys.argv[2]).resolve(), JOB["budget_seconds"], column(JOB["test"], "image")
    imports = time.time() - BEGIN
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        os.chdir(work)  # the tool leaves files in the folder it runs in
        sizes = folders(work / "data")
        predicting, training = seconds(test)
        end = BEGIN + budget - SPARE - 1.2 * len(test) * predicting
        epoch = imports + sizes["train"] * training + sizes["val"] * predicting
        evaluations = max(1, int((end - time.time()) / epoch))
        epochs = min(EPOCHS, max(2, evaluations // 4))
        command = work / "bin" / "train"
        command.parent.mkdir()
        command.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("trainer.py")}" "$@"\n'
        )
        command.chmod(0o755)
        os.environ["PATH"] = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
        finetune.static_args[:] = ["--pretrained", "--checkpoint-hist", "1", "--epochs", str(epochs)]
        finetune.static_args += ["--workers", "0", "--device", JOB["device"], "--seed", str(JOB["seed"])]
        finetune.static_args += ["--class-map", str(work / "data" / "classes.txt")]
        if JOB["image_size"]:
            finetune.static_args += ["--img-size", str(JOB["image_size"])]

        def trial(asked: dict[str, Any], *, trial_info: dict[str, Any]) -> dict[str, Any]:
            report = finetune.fn(asked, trial_info)
            if report["status"]:  # from now on there is something to hand in, so trials may be cut short
                os.environ["PEER_END"] = str(end)
            return report

        cuda = JOB["device"].startswith("cuda")
        choices = space(NAME, epochs=epochs, images=sizes["train"], cuda=cuda, seed=JOB["seed"])
        optimiser = Random(choices, epochs, CANDIDATES, seed=JOB["seed"])
        tuner = QuickTuner(optimiser, trial, path=str(work / "results"))
        info = {"data-dir": str(work / "data"), "train-split": "train", "val-split": "val"}
        info["num-classes"] = len(JOB["classes"])
        _, _, history = tuner.run(time_budget=max(0.0, end - time.time()), trial_info=info)
        trials = [
            {
                "params": {
                    **report["config"],
                    "configuration": int(report["config-id"]),
                    "epoch": report["fidelity"],
                },
                "val": float(report["score"]) if report["status"] else None,
            }
            for report in history
        ]
        kept, settings, score, fidelity, _, _ = tuner.get_incumbent()
        if kept < 0:
            sys.exit("Quick-Tune-Tool: no configuration was trained for an epoch, see the output above.")
        model = best(Path(tuner.output_dir) / str(kept))
        np.save(out / "logits.npy", predict(model, test, transform(model._orig_mod)), allow_pickle=False)
    params = {**settings, "configuration": int(kept), "epoch": int(fidelity)}
    entry = {
        "plugin": "quicktunetool",
        "version": version("quicktunetool"),
        "val": float(score),
        "params": params,
        "trials": trials,
        "chosen": next(i for i, each in enumerate(trials) if each["params"] == params),
        "notes": [
            "Random optimiser: the meta-learned one, which is the point of the tool, has to be downloaded.",
            f"{CANDIDATES} configurations were drawn; a trial trains one of them for an epoch more.",
            f"The schedule has {epochs} epochs (published: {EPOCHS}); {evaluations} trials were expected.",
            "sp-reg was left out because fimm fails with it; without CUDA also amp and stoch-norm.",
            f"{HOLDOUT:.0%} of each class were held out for validation.",
        ],
        "versions": {name: version(name) for name in ("torch", "timm", "fimm")},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

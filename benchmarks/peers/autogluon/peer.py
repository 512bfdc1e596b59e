"""Fine-tune a checkpoint with AutoGluon's MultiModalPredictor: ``python peer.py JOB.json OUT``."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEGUN = time.perf_counter()
PRESET = "medium_quality"
"""The preset whose own image network is a MobileNet: it differs from the default in the learning rate."""
NAME = "peer_checkpoint"
"""What the folder's network is called in AutoGluon's timm."""
PASSES = 5
"""How often the validation images are predicted once the limit is reached: one last check, three by the
greedy soup of the three best checkpoints, and one here for the score of the soup."""
FIXED = 6.0
"""Seconds that fit and predict take apart from the images (measured on one busy core: 4 to 8)."""
LEAST = 1.0
"""Seconds of training that are asked for even where nothing is left of the budget."""


def main(job_file: Path, out: Path) -> None:
    """Run the job and write ``logits.npy`` and ``entry.json`` into ``out``."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    limit_threads(job["threads"])
    if job["backbone"]["folder"] is not None:
        os.environ["HF_HUB_OFFLINE"] = "1"

    import numpy as np
    import pandas as pd
    import torch
    from autogluon.multimodal import MultiModalPredictor
    from autogluon.multimodal.data import split_train_tuning_data
    from autogluon.multimodal.version import __version__
    from torch.optim.optimizer import register_optimizer_step_post_hook

    torch.set_num_threads(job["threads"])
    # As text: class names that are digits must not become numbers, nor "nan" a missing value.
    table = pd.read_csv(job["train"], dtype=str, keep_default_na=False)
    test = pd.read_csv(job["test"], dtype=str, keep_default_na=False)
    problem = "binary" if table["label"].nunique() == 2 else "multiclass"
    # What fit would do by itself, called here so that the held-out images are known.
    train, held_out = split_train_tuning_data(
        table, problem_type=problem, label_column="label", random_state=job["seed"]
    )
    name = backbone(job)
    per_image = seconds_per_image(name, list(train["image"][:16]), job)
    reserve = FIXED + per_image * (PASSES * len(held_out) + len(test))
    before = age()
    left = job["budget_seconds"] - before - reserve
    limit = max(LEAST, left)
    steps: list[None] = []
    register_optimizer_step_post_hook(lambda *_: steps.append(None))

    with tempfile.TemporaryDirectory(prefix="autogluon-") as temporary:
        folder = Path(temporary) / "model"
        predictor = MultiModalPredictor(
            label="label",
            problem_type=problem,
            presets=PRESET,
            eval_metric="accuracy",
            path=str(folder),
            verbosity=2,
            enable_progress_bar=False,
        )
        predictor.fit(
            train_data=train,
            tuning_data=held_out,
            time_limit=limit,
            seed=job["seed"],
            column_types={"image": "image_path"},
            hyperparameters=hyperparameters(job, name),
        )
        fitted = age()
        checked = predictor.predict_proba(held_out[["image"]], as_pandas=True)
        value = float((checked.idxmax(axis=1) == held_out["label"]).mean())
        chances = predictor.predict_proba(test[["image"]], as_pandas=True)
        ended = settings(folder) | {"steps": len(steps)}

    # A class without training images is unknown to AutoGluon: it gets no chance.
    matrix = chances.reindex(columns=job["classes"], fill_value=0.0).to_numpy(dtype=np.float64)
    logits = np.log(np.clip(matrix, 1e-12, None)).astype(np.float32)
    np.save(out / "logits.npy", logits, allow_pickle=False)
    epoch = math.ceil(len(train) / ended["batch_size"])
    params = {"preset": PRESET, "time_limit": round(limit, 1), **ended}
    notes = [
        f"time_limit was {limit:.1f} s: the budget of {job['budget_seconds']:g} s less {before:.1f} s until "
        f"fit began (imports, split, timing of one batch) and {reserve:.1f} s kept for what follows it "
        f"(last validation, greedy soup, predictions). fit ended {fitted:.1f} s after the process began.",
        f"Training made {len(steps)} optimiser steps, {epoch} to an epoch. AutoGluon plans its learning "
        f"rates for {ended['max_epochs']} epochs, whatever time_limit is.",
        "One fine-tuning with the preset's settings, no hyperparameter search.",
    ]
    if left < LEAST:
        notes.append(f"The budget left {left:.1f} s for training, so {LEAST:g} s were asked for.")
    entry = {
        "plugin": "autogluon.multimodal",
        "version": __version__,
        "val": value,
        "params": params,
        "trials": [{"params": params, "val": value}],
        "chosen": 0,
        "notes": notes,
        "versions": versions("torch", "torchvision", "timm", "lightning", "autogluon.multimodal"),
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def limit_threads(threads: int) -> None:
    """Hold the numerical libraries, not yet imported, of this process and its children to ``threads``."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(threads)


def age() -> float:
    """Seconds since this process began, but for the interpreter's own start."""
    return time.perf_counter() - BEGUN


def backbone(job: dict[str, Any]) -> str:
    """The name under which this process's timm builds the job's network with its weights."""
    if job["backbone"]["folder"] is None:
        return str(job["backbone"]["name"])
    import checkpoint

    checkpoint.register(checkpoint.read(Path(job["backbone"]["folder"]), side=job["image_size"]), NAME)
    return NAME


def hyperparameters(job: dict[str, Any], name: str) -> dict[str, Any]:
    """What is set against the preset: the network, the image side, and one process on the job's device."""
    # AutoGluon's own number of loading processes, as far as the job has threads for them.
    workers = min(2, job["threads"] - 1)
    chosen = {
        "model.names": ["timm_image"],
        "model.timm_image.checkpoint_name": name,
        "env.num_gpus": 0 if job["device"] == "cpu" else 1,
        "env.accelerator": "cpu" if job["device"] == "cpu" else "gpu",
        "env.num_workers": workers,
        "env.num_workers_inference": workers,
    }
    if job["image_size"] is not None:
        chosen["model.timm_image.image_size"] = job["image_size"]
    return chosen


def seconds_per_image(name: str, files: list[str], job: dict[str, Any]) -> float:
    """Seconds to read an image and predict it, measured on ``files`` as AutoGluon would do it on a CPU."""
    import timm
    import torch
    from PIL import Image
    from torchvision import transforms

    network: Any = timm.create_model(name, pretrained=False).eval()
    side = job["image_size"] or network.default_cfg["input_size"][-1]
    prepare = transforms.Compose(
        [
            transforms.Resize(side, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(side),
        ]
    )
    to_tensor = transforms.ToTensor()

    def predict() -> None:
        views = [to_tensor(prepare(Image.open(file).convert("RGB"))) for file in files]
        with torch.inference_mode():
            network(torch.stack(views))

    predict()  # the first pass pays for what later ones reuse
    begun = time.perf_counter()
    predict()
    return (time.perf_counter() - begun) / len(files)


def settings(folder: Path) -> dict[str, Any]:
    """The training's settings, from the file that AutoGluon keeps them in beside its model."""
    import yaml

    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    kept = ("optim_type", "lr", "lr_choice", "lr_decay", "lr_schedule", "weight_decay", "max_epochs", "top_k")
    ended = {key: config["optim"][key] for key in kept}
    ended |= {key: config["env"][key] for key in ("batch_size", "per_gpu_batch_size", "precision")}
    return ended | {"train_transforms": config["model"]["timm_image"]["train_transforms"]}


def versions(*names: str) -> dict[str, str]:
    """The installed versions of distributions."""
    from importlib.metadata import version

    return {name: version(name) for name in names}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python peer.py JOB.json OUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))

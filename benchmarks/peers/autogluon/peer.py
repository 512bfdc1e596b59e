"""Fine-tune a checkpoint with AutoGluon's MultiModalPredictor: ``python peer.py JOB.json OUT``."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = time.perf_counter()
PRESET = "medium_quality"
"""The preset for small image networks; it differs from the default in the learning rate."""
NAME = "peer_checkpoint"
"""Name of the checkpoint in timm."""
PASSES = 5
"""Predictions of the validation images after the time limit: one last validation, three by the greedy soup of
the three best checkpoints, and one for the score of the soup."""
OVERHEAD = 6.0
"""Seconds that fit and predict take in addition to the images (measured on one busy core: 4 to 8)."""
MIN_TRAINING = 1.0
"""The smallest time limit in seconds, used if the budget leaves no time."""


def main(job_file: Path, out: Path) -> None:
    """Run the job, and write ``logits.npy`` and ``entry.json`` to ``out``."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    limit_threads(job["threads"])
    if job["backbone"]["folder"] is not None:
        os.environ["HF_HUB_OFFLINE"] = "1"

    import numpy as np
    import pandas as pd
    import torch
    from autogluon.multimodal.data import split_train_tuning_data

    torch.set_num_threads(job["threads"])
    # as text, so that class names like "1" or "nan" stay as they are
    table = pd.read_csv(job["train"], dtype=str, keep_default_na=False)
    test = pd.read_csv(job["test"], dtype=str, keep_default_na=False)
    # fit would split the same way; the split is done here so that the validation images are known
    train, validation = split_train_tuning_data(
        table, problem_type=problem_type(table), label_column="label", random_state=job["seed"]
    )
    name = backbone(job)
    per_image = seconds_per_image(name, list(train["image"][:16]), job)
    reserve = OVERHEAD + per_image * (PASSES * len(validation) + len(test))
    plan = Plan(job["budget_seconds"], elapsed(), reserve)
    with tempfile.TemporaryDirectory(prefix="autogluon-") as temporary:
        folder = Path(temporary) / "model"
        predictor, used = fit(folder, (train, validation), job, hyperparameters(job, name), plan.limit)
        fitted = elapsed()
        predicted = predictor.predict_proba(validation[["image"]], as_pandas=True)
        value = float((predicted.idxmax(axis=1) == validation["label"]).mean())
        probabilities = predictor.predict_proba(test[["image"]], as_pandas=True)

    # AutoGluon does not know a class without training images: its probability is 0
    matrix = probabilities.reindex(columns=job["classes"], fill_value=0.0).to_numpy(dtype=np.float64)
    logits = np.log(np.clip(matrix, 1e-12, None)).astype(np.float32)
    np.save(out / "logits.npy", logits, allow_pickle=False)
    write_entry(out, value, used, notes(plan, used, fitted=fitted, images=len(train)), plan)


def problem_type(table: Any) -> str:
    """Return AutoGluon's name of the task."""
    return "binary" if table["label"].nunique() == 2 else "multiclass"


def fit(
    folder: Path, tables: tuple[Any, Any], job: dict[str, Any], changed: dict[str, Any], limit: float
) -> tuple[Any, dict[str, Any]]:
    """Train, and return the predictor with the settings of the training.

    Args:
        folder: Folder for the model.
        tables: Training and validation images with labels.
        job: The job.
        changed: Settings that differ from the preset.
        limit: Time limit in seconds.
    """
    import pandas as pd
    from autogluon.multimodal import MultiModalPredictor
    from torch.optim.optimizer import register_optimizer_step_post_hook

    steps: list[None] = []
    register_optimizer_step_post_hook(lambda *_: steps.append(None))
    predictor = MultiModalPredictor(
        label="label",
        problem_type=problem_type(pd.concat(tables)),
        presets=PRESET,
        eval_metric="accuracy",
        path=str(folder),
        verbosity=2,
        enable_progress_bar=False,
    )
    predictor.fit(
        train_data=tables[0],
        tuning_data=tables[1],
        time_limit=limit,
        seed=job["seed"],
        column_types={"image": "image_path"},
        hyperparameters=changed,
    )
    return predictor, settings(folder) | {"steps": len(steps)}


@dataclass(frozen=True, slots=True)
class Plan:
    """The times of a run in seconds: budget, time before ``fit``, and reserve for the time after it."""

    budget: float
    before: float
    reserve: float

    @property
    def left(self) -> float:
        """The part of the budget that is left for training; may be negative."""
        return self.budget - self.before - self.reserve

    @property
    def limit(self) -> float:
        """The time limit of the training."""
        return max(MIN_TRAINING, self.left)


def notes(plan: Plan, used: dict[str, Any], *, fitted: float, images: int) -> list[str]:
    """Return the notes of the entry.

    Args:
        plan: The times of the run.
        used: Settings of the training.
        fitted: Seconds from the start of the process to the end of ``fit``.
        images: Number of training images.
    """
    epoch = math.ceil(images / used["batch_size"])
    found = [
        f"time_limit was {plan.limit:.1f} s: the budget of {plan.budget:g} s minus {plan.before:.1f} s "
        f"before fit (imports, split, timing of one batch) and {plan.reserve:.1f} s reserved for "
        "the end (last validation, greedy soup, predictions). "
        f"fit ended {fitted:.1f} s after the process started.",
        f"The training had {used['steps']} optimiser steps, {epoch} per epoch. AutoGluon plans its learning "
        f"rates for {used['max_epochs']} epochs, for every time_limit.",
        "One fine-tuning with the preset's settings, no hyperparameter search.",
    ]
    if plan.left < MIN_TRAINING:
        found.append(f"The budget left {plan.left:.1f} s for training; {MIN_TRAINING:g} s were used.")
    return found


def write_entry(out: Path, value: float, used: dict[str, Any], notes: list[str], plan: Plan) -> None:
    """Write ``entry.json``.

    Args:
        out: The folder.
        value: Validation accuracy, in [0, 1].
        used: Settings of the training.
        notes: Notes for readers of the benchmark.
        plan: The times of the run.
    """
    params = {"preset": PRESET, "time_limit": round(plan.limit, 1), **used}
    installed = versions("torch", "torchvision", "timm", "lightning", "autogluon.multimodal")
    entry = {
        "plugin": "autogluon.multimodal",
        "version": installed["autogluon.multimodal"],
        "val": value,
        "params": params,
        "trials": [{"params": params, "val": value}],
        "chosen": 0,
        "notes": notes,
        "versions": installed,
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def limit_threads(threads: int) -> None:
    """Limit the threads of numerical libraries, before their import, in this process and its children."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(threads)


def elapsed() -> float:
    """Return the seconds since the start of this process, without that of the interpreter."""
    return time.perf_counter() - START


def backbone(job: dict[str, Any]) -> str:
    """Register the job's checkpoint in timm, and return its name there."""
    if job["backbone"]["folder"] is None:
        return str(job["backbone"]["name"])
    import checkpoint

    checkpoint.register(checkpoint.read(Path(job["backbone"]["folder"]), side=job["image_size"]), NAME)
    return NAME


def hyperparameters(job: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the settings that differ from the preset: network, image side, device and processes."""
    # AutoGluon's own number of loader processes, if the job has enough threads
    workers = min(2, job["threads"] - 1)
    changed = {
        "model.names": ["timm_image"],
        "model.timm_image.checkpoint_name": name,
        "env.num_gpus": 0 if job["device"] == "cpu" else 1,
        "env.accelerator": "cpu" if job["device"] == "cpu" else "gpu",
        "env.num_workers": workers,
        "env.num_workers_inference": workers,
    }
    if job["image_size"] is not None:
        changed["model.timm_image.image_size"] = job["image_size"]
    return changed


def seconds_per_image(name: str, files: list[str], job: dict[str, Any]) -> float:
    """Return the seconds to read and predict an image, measured with AutoGluon's transforms on a CPU.

    Args:
        name: Name of the network in timm.
        files: The images to measure with.
        job: The job.
    """
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

    predict()  # warm-up
    started = time.perf_counter()
    predict()
    return (time.perf_counter() - started) / len(files)


def settings(folder: Path) -> dict[str, Any]:
    """Return the settings of the training, which AutoGluon writes next to its model."""
    import yaml

    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    keys = ("optim_type", "lr", "lr_choice", "lr_decay", "lr_schedule", "weight_decay", "max_epochs", "top_k")
    used = {key: config["optim"][key] for key in keys}
    used |= {key: config["env"][key] for key in ("batch_size", "per_gpu_batch_size", "precision")}
    return used | {"train_transforms": config["model"]["timm_image"]["train_transforms"]}


def versions(*names: str) -> dict[str, str]:
    """Return the installed versions of distributions."""
    from importlib.metadata import version

    return {name: version(name) for name in names}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python peer.py JOB.json OUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""An epoch at each freeze depth: the plain loop, autotl's first and later epochs, the suffix alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from autotl.workbench.activation_cache import SINGLE_PRECISION
from benchmarks.speed.images import Zipped, folder_of, prepared
from benchmarks.speed.limit import Suffix, place_behind
from benchmarks.speed.ours import Ours
from benchmarks.speed.plain import Plain, freeze_blocks, model_of
from benchmarks.speed.timing import alternate, ratio, spread

DEPTHS = (0, 2, 3, 4, 5, 6, 7)
BATCH = 64


def measure(
    data: Path, backbone: str, *, rounds: int, side: int = 128, most: int = 640, augmented: bool = True
) -> dict[str, Any]:
    """A row per depth. ``most`` images of the data set are used, so that many rounds fit into minutes."""
    folder = folder_of(Zipped(data, None, most=most))
    ready = prepared(folder, backbone, side)
    rows = []
    for frozen in DEPTHS:
        plain = Plain(data, backbone, side=side, blocks=frozen, augmented=augmented, most=most, batch=BATCH)
        suffix = _suffix(backbone, frozen, side, len(ready.dataset.classes), most)
        ours = Ours(
            ready,
            side=side,
            frozen=frozen,
            batch=BATCH,
            augment="shift" if augmented else "none",
            views=2 if augmented else 1,
        )
        for _ in range(2):  # fill the store
            ours.epoch()
        plain.epoch()  # its workers start here
        seconds = alternate({"plain": plain.epoch, "ours": ours.epoch, "suffix": suffix.epoch}, rounds=rounds)
        ours.close()
        rows.append(
            {
                "frozen": frozen,
                **{name: spread(values) for name, values in seconds.items()},
                "plain / ours": ratio(seconds, "plain", "ours"),
                "ours / suffix": ratio(seconds, "ours", "suffix"),
                "plain / suffix": ratio(seconds, "plain", "suffix"),
                "limit": suffix.gain(),
            }
        )
        print(_line(rows[-1]), flush=True)
        del plain, ours, suffix
    return {"data": data.stem, "images": min(most, len(ready.dataset)), "augmented": augmented, "rows": rows}


def first(data: Path, backbone: str, *, rounds: int, side: int = 128, most: int = 640) -> dict[str, Any]:
    """The first epoch, which decodes and fills the store, beside an epoch of the plain loop."""
    folder = folder_of(Zipped(data, None, most=most))
    rows = []
    for frozen in (3, 5, 7):
        plain = Plain(data, backbone, side=side, blocks=frozen, augmented=True, most=most, batch=BATCH)
        plain.epoch()

        def fresh(frozen: int = frozen) -> Ours:
            ready = prepared(folder, backbone, side)
            ready.materials.task_model(next(iter(ready.backbones)))
            return Ours(ready, side=side, frozen=frozen, batch=BATCH, augment="shift", views=2)

        waiting = [fresh() for _ in range(rounds)]
        seconds = alternate(
            {"plain": plain.epoch, "first": lambda waiting=waiting: waiting.pop().epoch()}, rounds=rounds
        )
        rows.append({"frozen": frozen, "first / plain": ratio(seconds, "first", "plain")})
        print(rows[-1], flush=True)
    return {"data": data.stem, "rows": rows}


def equal(data: Path, backbone: str, *, side: int = 128, most: int = 640, epochs: int = 4) -> dict[str, Any]:
    """The largest difference between loss curves with and without the store, exact and in half precision;
    and whether the frozen layers are the same to the bit afterwards.
    """
    ready = prepared(folder_of(Zipped(data, None, most=most)), backbone, side)
    rows = []
    for frozen in (2, 4, 6, 7):
        runs = {
            "without": Ours(ready, side=side, frozen=frozen, batch=BATCH, kept=False, epochs=epochs),
            "exact": Ours(
                ready, side=side, frozen=frozen, batch=BATCH, dtypes=SINGLE_PRECISION, epochs=epochs
            ),
            "half": Ours(ready, side=side, frozen=frozen, batch=BATCH, epochs=epochs),
        }
        curves = {name: [run.epoch().loss or 0.0 for _ in range(epochs)] for name, run in runs.items()}
        before = ready.materials.source_model(next(iter(ready.backbones))).state_dict()
        same = all(
            torch.equal(value, before[name])
            for name, value in runs["half"].model.state_dict().items()
            if name.startswith(("conv_stem", "bn1", *(f"blocks.{i}." for i in range(frozen))))
        )
        rows.append(
            {
                "frozen": frozen,
                "exact": max(abs(a - b) for a, b in zip(curves["without"], curves["exact"], strict=True)),
                "half": max(abs(a - b) for a, b in zip(curves["without"], curves["half"], strict=True)),
                "prefix identical": same,
            }
        )
        print(rows[-1], flush=True)
    return {"data": data.stem, "epochs": epochs, "rows": rows}


def _suffix(backbone: str, frozen: int, side: int, classes: int, rows: int) -> Suffix:
    model = model_of(backbone, classes)
    freeze_blocks(model, frozen)()
    return Suffix(model, place_behind(frozen), side=side, classes=classes, batch=BATCH, rows=rows)


def _line(row: dict[str, Any]) -> str:
    shown = {
        k: round(v["median"] if isinstance(v, dict) else v, 3 if k == "frozen" else 2) for k, v in row.items()
    }
    return "  ".join(f"{k} {v}" for k, v in shown.items())

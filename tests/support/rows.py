"""A third modality, as a plugin could offer it: rows of four numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl import hookimpl, jsonio
from autotl.api import (
    Applies,
    Columns,
    Dataset,
    DeliveredNetwork,
    InputWords,
    Item,
    Listing,
    NamedInput,
    ReadingBudget,
    Weights,
)
from autotl.toolbox import ReadInput, assemble

LENGTH, WIDTH = 4, 8


def numbers(each: int = 20, *, seed: int = 0) -> dict[str, Any]:
    """Return rows of two classes that differ in their first number."""
    labels = np.repeat(["high", "low"], each)
    rows = np.random.default_rng(seed).normal(size=(2 * each, LENGTH)).astype(np.float32)
    rows[:, 0] += np.where(labels == "high", 3, -3)
    return {"rows": rows, "labels": labels.tolist()}


@dataclass(frozen=True, slots=True)
class RowConfig:
    input_size: int = LENGTH
    fixed: bool = True

    modality: ClassVar[str] = "row"


@dataclass(frozen=True, slots=True)
class RowView:
    input_size: int

    @property
    def key(self) -> str:
        return f"row-{self.input_size}"

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.input_size,)

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return np.dtype(np.float32)

    def transform(self) -> Callable[[Any], NDArray[Any]]:
        return partial(np.asarray, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ToDevice:
    device: str

    def __call__(self, encoded: Tensor) -> Tensor:
        return encoded.to(self.device)

    def on_device(self, device: str) -> ToDevice:
        return ToDevice(device)


class RowNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(LENGTH, WIDTH), nn.ReLU())
        self.head: nn.Module = nn.Identity()
        self.num_features, self.num_classes = WIDTH, 0
        self.input_config, self.feature_info = RowConfig(), ()
        self.pretrained_cfg: dict[str, Any] = {
            "architecture": "row", "classifier": "head", "input_size": (LENGTH,), "num_classes": 0,
        }  # fmt: skip

    def forward_features(self, x: Tensor) -> Tensor:
        return self.body(x)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        return x if pre_logits else self.head(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(x))

    def get_classifier(self) -> nn.Module:
        return self.head

    def reset_classifier(self, num_classes: int) -> None:
        self.num_classes = self.pretrained_cfg["num_classes"] = num_classes
        self.head = nn.Linear(WIDTH, num_classes) if num_classes else nn.Identity()

    def example_inputs(self, rows: int, size: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.randn(rows, size, generator=generator)


class Rows:
    api = 2
    name = "row"
    summary = "rows of numbers"
    noun = "row"
    augmentations: tuple[str, ...] = ("none",)
    cost_power = 1.0
    backbones: tuple[str, ...] = ("row:mlp",)
    supports: tuple[str, ...] = ()
    words = InputWords(
        "numbers", "numbers", "length of a row", "number by number", "[[1.0, 2.0, 3.0, 4.0]]", "rows.csv"
    )

    def read(self, source: object, listing: Listing, budget: ReadingBudget) -> Dataset:
        items = [*listing.items][: budget.most]
        return assemble(source, listing, items, [*map(_read, items)], unreadable={}, noun=self.noun)

    def list_inputs(self, given: Any, *, column: str | None, **unused: Any) -> Iterator[NamedInput]:
        for number, row in enumerate(given):
            yield NamedInput(f"row {number}", partial(_same, row))

    def view(self, config: RowConfig, *, input_size: int, margin: bool = False) -> RowView:
        return RowView(input_size)

    def to_batch(self, config: RowConfig, device: str) -> ToDevice:
        return ToDevice(device)

    def input_sizes(self, config: RowConfig, typical_size: int) -> tuple[int, ...]:
        return (config.input_size,)

    def typical_size(self, table: pd.DataFrame) -> int:
        return int(table["length"].max())

    def create(self, weights: Weights, *, pretrained: bool) -> nn.Module:
        return RowNetwork()

    def write_network(self, folder: Path, network: DeliveredNetwork) -> None:
        save_file(network.model.state_dict(), folder / "model.safetensors")
        described = {"modality": self.name, "outputs": network.outputs, **network.entries}
        jsonio.write(folder / "config.json", described)

    def load_network(self, folder: Path) -> tuple[dict[str, Any], nn.Module, RowConfig]:
        document, model = jsonio.read(folder / "config.json"), RowNetwork()
        model.reset_classifier(document["outputs"])
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return document, model, RowConfig()


class RowReader:
    name = "rows"
    summary = 'a dictionary of "rows" and "labels"'

    def reads(self, source: object) -> Applies:
        return Applies(isinstance(source, dict) and {"rows", "labels"} <= source.keys(), "no such dictionary")

    def read(self, source: Any, columns: Columns) -> Listing:
        pairs = enumerate(zip(source["rows"], source["labels"], strict=True))
        items = [Item(f"row {number}", label, partial(_same, row)) for number, (row, label) in pairs]
        return Listing(items, modality="row")


class RowSource:
    name = "row_networks"
    summary = "a small network for rows"

    def offers(self) -> Sequence[str]:
        return ("row:mlp",)

    def opens(self, name: str) -> Applies:
        return Applies(name == "row:mlp", "it is no network for rows")

    def open(self, name: str) -> Weights:
        return Weights("row_mlp", "row", "test", modality="row")


def _same(given: Any) -> Any:
    return given


def _read(item: Item) -> ReadInput:
    row = np.asarray(item.open(), dtype=np.float32)
    digest = hashlib.blake2b(row.tobytes(), digest_size=8)
    return ReadInput(
        item, item.name, digest.hexdigest(), int.from_bytes(digest.digest()), partial(_same, row),
        {"length": len(row)},
    )  # fmt: skip


@hookimpl
def autotl_modalities() -> list[Any]:
    return [Rows()]


@hookimpl
def autotl_readers() -> list[Any]:
    return [RowReader()]


@hookimpl
def autotl_backbones() -> list[Any]:
    return [RowSource()]

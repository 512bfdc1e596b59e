"""Small images, and estimators that are fitted once."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

import autotl
from autotl.errors import RunError
from autotl.testing import tiny_images
from tests.support.quick_estimators import QUICK

CODES = {"bars": 30, "rings": 5, "spots": 10}
"""Classes whose ascending order is neither that of their names nor that of their digits as text."""

Data = tuple[NDArray[np.uint8], NDArray[np.int64]]


@pytest.fixture(scope="session")
def data() -> Data:
    images, names = tiny_images(each=12)
    return images, np.array([CODES[name] for name in names])


@pytest.fixture(scope="session")
def fitted(data: Data) -> autotl.TransferClassifier:
    """A classifier of arrays with whole numbers as classes."""
    return autotl.TransferClassifier(**QUICK).fit(*data)


@pytest.fixture(scope="session")
def paths(data: Data, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("images")
    for number, image in enumerate(data[0]):
        Image.fromarray(image).save(folder / f"{number}.png")
    return [str(folder / f"{number}.png") for number in range(len(data[0]))]


@pytest.fixture(scope="session")
def kept(data: Data, paths: list[str], tmp_path_factory: pytest.TempPathFactory) -> autotl.TransferClassifier:
    """A classifier of files, with a test part, whose run stays in a folder."""
    out: Path = tmp_path_factory.mktemp("runs") / "kept"
    return autotl.TransferClassifier(**QUICK, test=0.25, out=out).fit(paths, data[1])


class FakeResult:
    """The result of a run that was not carried out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leaderboard(self) -> pd.DataFrame:
        return pd.DataFrame({"best_val": [0.75]})


@pytest.fixture
def fake_runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the run; return the arguments of each call."""
    found: list[dict[str, Any]] = []

    @wraps(autotl.fit)
    def fake(data: Any, *, out: Path, **options: Any) -> FakeResult:
        if options["trials"] == 0:
            raise RunError("no trial")
        found.append({"data": data, "out": out, **options})
        return FakeResult(out)

    monkeypatch.setattr("autotl.estimators.transfer.fit", fake)
    return found

"""Gains of transfer measured on public data sets of several sizes, which come with the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Gain:
    """What transfer gained over the best model without it, on one data set of one size.

    Attributes:
        data: The name of the data set.
        n_train: Its training images.
        classes: Its classes.
        likeness: How like the source its images are: 0 is noise, 1 the source itself.
        budget_seconds: The budget of the run.
        transfer: The best strategy that transfers.
        scratch: The best one that does not.
        gain: The difference of their test accuracies, in [-1, 1].
        low: The lower end of its 95 % interval.
        high: The upper end.
    """

    data: str
    n_train: int
    classes: int
    likeness: float
    budget_seconds: float
    transfer: str
    scratch: str
    gain: float
    low: float
    high: float

    @property
    def per_class(self) -> float:
        """Training images of a class, in the mean."""
        return self.n_train / self.classes

    @property
    def verdict(self) -> str:
        """What the interval says: "helps", "hurts" or "no_measurable_difference"."""
        if self.low > 0:
            return "helps"
        return "hurts" if self.high < 0 else "no_measurable_difference"


_READ: dict[str, Callable[[str], object]] = {"str": str, "int": int, "float": float}


def shipped_gains() -> list[Gain]:
    """The gains that come with the package; none if it comes without."""
    file = resources.files("autotl.experience").joinpath("gains.csv")
    return gains_from_csv(file.read_text(encoding="utf-8")) if file.is_file() else []


def gains_from_csv(text: str) -> list[Gain]:
    """Read what :func:`gains_to_csv` has written. Columns are known by their names."""
    table = csv.DictReader(io.StringIO(text, newline=""))
    return [_gain(line) for line in table]


def gains_to_csv(gains: Iterable[Gain]) -> str:
    """Return the gains as CSV with a header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([each.name for each in fields(Gain)])
    writer.writerows(astuple(gain) for gain in gains)
    return out.getvalue()


def _gain(line: dict[str, str]) -> Gain:
    values: dict[str, Any] = {each.name: _READ[str(each.type)](line[each.name]) for each in fields(Gain)}
    return Gain(**values)

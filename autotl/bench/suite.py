"""Read a suite from a TOML file.

It defines data sets, entrants, seeds and budgets.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl.bench.data_sets.data import DEFAULT_METRICS, KEYS, REST, Data, data_faults, parse_data
from autotl.clock import parse_duration
from autotl.errors import BenchError, UnknownName
from autotl.metrics import METRIC_NAMES, METRICS_OF

SUITES_FOLDER = Path(__file__).parent / "suites"
ALL = "all"
"""Stands for every installed strategy."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A pretrained network of a suite.

    Attributes:
        name: Name in the results.
        folder: Folder in the folder of checkpoints; None if autotl opens it by name.
        hub: Name that autotl opens, if it differs from ``name``.
        sha256: SHA-256 of the folder's ``model.safetensors``; None if it is not checked.
    """

    name: str
    folder: str | None = None
    hub: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool that takes part in a benchmark.

    Attributes:
        name: Name of the entrant.
        command: Called with ``prepare NAME`` once, and with ``run NAME JOB.json OUT`` for each entry.
    """

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark: the product of several lists.

    It is data sets × shots × backbones × entrants × seeds × budgets. A data set may replace the shots, the
    strategies and the metric.

    Attributes:
        name: Name of the suite.
        summary: Description in a sentence.
        metric: Name of the metric.
        datasets: The data sets.
        backbones: The pretrained networks.
        budgets: Time budgets, in seconds.
        seeds: Seeds.
        shots: Numbers of training images per class; 0 for all.
        strategies: Names of strategies that are searched alone; "all" for every installed one.
        defaults: Whether each strategy also takes part with its default settings only.
        selectors: Other searches over all strategies: "random_search" and "plain_optuna".
        autotl: Whether autotl takes part.
        peers: Other tools.
        digest: Digest of the file's text.
        path: The file.
    """

    name: str
    summary: str
    metric: str
    datasets: tuple[Data, ...]
    backbones: tuple[Checkpoint, ...]
    budgets: tuple[float, ...]
    seeds: tuple[int, ...]
    shots: tuple[int, ...]
    strategies: tuple[str, ...]
    defaults: bool
    selectors: tuple[str, ...]
    autotl: bool
    peers: tuple[Peer, ...]
    digest: str
    path: Path

    @property
    def splits(self) -> Path:
        """The folder of the split files."""
        return self.path.parent / "splits"

    def shots_of(self, data: Data) -> tuple[int, ...]:
        """Return a data set's numbers of training images per class."""
        own = data.shots is not None or data.target != "single_label"
        return (data.shots or 0,) if own else self.shots

    def strategies_of(self, data: Data) -> tuple[str, ...]:
        """Return the names of a data set's strategies, or "all"."""
        return data.strategies or self.strategies

    def metric_of(self, data: Data) -> str:
        """Return the metric of a data set.

        It is its own one, the suite's if that scores the target, or the usual one of the target.
        """
        if data.metric is not None:
            return data.metric
        return self.metric if self.metric in METRICS_OF[data.target] else DEFAULT_METRICS[data.target]


def shipped() -> list[str]:
    """Return the names of the shipped suites."""
    return sorted(path.stem for path in SUITES_FOLDER.glob("*.toml"))


def load(name: str | Path) -> Suite:
    """Read a suite.

    Args:
        name: Name of a shipped suite, or path of a TOML file.

    Raises:
        UnknownName: If there is no suite of this name.
        BenchError: If the file is invalid; the message names the place.
    """
    path = _find(name)
    text = path.read_text(encoding="utf-8")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"{path} is not a TOML file: {error}") from error
    return _SuiteParser(path).suite(found, hashlib.sha256(text.encode()).hexdigest()[:16])


def _find(name: str | Path) -> Path:
    given = Path(name)
    if given.suffix == ".toml":
        if not given.is_file():
            raise BenchError(f"There is no suite {given}.")
        return given
    if (path := SUITES_FOLDER / f"{name}.toml").is_file():
        return path
    raise UnknownName("suite", str(name), shipped())


@dataclass(frozen=True, slots=True)
class _SuiteParser:
    """Parses the tables of one file, and names file and table in errors."""

    path: Path

    def suite(self, found: dict[str, Any], digest: str) -> Suite:
        self._check_keys(found, "the suite", _KEYS)
        budgets = tuple(parse_duration(each) for each in self._list(found, "budgets", ["60s"]))
        suite = Suite(
            name=self.path.stem,
            summary=str(found.get("summary", "")),
            metric=self._metric(found),
            datasets=tuple(self._data(each) for each in self._list(found, "dataset", [])),
            backbones=tuple(self._checkpoint(each) for each in self._list(found, "backbone", [])),
            budgets=budgets,
            seeds=self._integers(found, "seeds", [0]),
            shots=self._integers(found, "shots", [0]),
            strategies=tuple(map(str, self._list(found, "strategies", [ALL]))),
            defaults=bool(found.get("defaults", False)),
            selectors=tuple(map(str, self._list(found, "selectors", []))),
            autotl=bool(found.get("autotl", True)),
            peers=tuple(self._peer(each) for each in self._list(found, "peer", [])),
            digest=digest,
            path=self.path,
        )
        for what, things in (("dataset", suite.datasets), ("backbone", suite.backbones)):
            if not things:
                raise BenchError(f"{self.path}: a suite must have at least one [[{what}]]. Add it.")
        self._check_rest(suite)
        for what, names in (
            ("data set", [each.name for each in suite.datasets]),
            ("backbone", [each.name for each in suite.backbones]),
            ("peer", [each.name for each in suite.peers]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise BenchError(f"{self.path}: two entries have the {what} name {twice[0]!r}. Rename one.")
        return suite

    def _check_rest(self, suite: Suite) -> None:
        """Check that training images are left where they are additional images."""
        for data in suite.datasets:
            if REST in data.additional.values() and 0 in suite.shots_of(data):
                raise BenchError(
                    f"{self.path}: the data set {data.name!r} must have shots of at least 1, so that "
                    "training images are left as the rest (got 0: all)."
                )

    def _metric(self, found: Mapping[str, Any]) -> str:
        name = str(found.get("metric", "accuracy"))
        if name not in METRIC_NAMES:  # others who run the suite do not have a custom metric
            raise BenchError(f"{self.path}: {UnknownName('metric', name, METRIC_NAMES)}")
        return name

    def _data(self, table: dict[str, Any]) -> Data:
        name = self._name(table, "dataset")
        where = f"the data set {name!r}"
        self._check_keys(table, where, KEYS)
        try:
            data = parse_data(table)
        except UnknownName as error:
            raise BenchError(f"{self.path}: {where}: {error}") from error
        if fault := next(data_faults(table, data), ""):
            raise BenchError(f"{self.path}: {where} {fault}")
        return data

    def _checkpoint(self, table: dict[str, Any]) -> Checkpoint:
        name = self._name(table, "backbone")
        self._check_keys(table, f"the backbone {name!r}", Checkpoint.__dataclass_fields__)
        return Checkpoint(**table)

    def _peer(self, table: dict[str, Any]) -> Peer:
        name = self._name(table, "peer")
        self._check_keys(table, f"the peer {name!r}", Peer.__dataclass_fields__)
        command = table.get("command")
        if not isinstance(command, list) or not command:
            raise BenchError(f"{self.path}: the peer {name!r} must have a command, a list of words.")
        return Peer(name, tuple(map(str, command)))

    def _name(self, table: Any, what: str) -> str:
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(name, str) or not name or set(name) & set("/\\\0"):
            raise BenchError(f"{self.path}: the name of a [[{what}]] must be a file name (got {name!r}).")
        return name

    def _list(self, table: Mapping[str, Any], key: str, default: Sequence[Any]) -> list[Any]:
        found = table.get(key, default)
        if not isinstance(found, list):
            raise BenchError(f"{self.path}: {key} must be a list (got {found!r}).")
        return found

    def _integers(self, table: Mapping[str, Any], key: str, default: Sequence[int]) -> tuple[int, ...]:
        found = self._list(table, key, default)
        if bad := [each for each in found if not isinstance(each, int) or isinstance(each, bool) or each < 0]:
            raise BenchError(f"{self.path}: {key} must have integers of at least 0 (got {bad[0]!r}).")
        return tuple(found)

    def _check_keys(self, table: Mapping[str, Any], where: str, keys: Iterable[str]) -> None:
        for key in table:
            if key not in (known := list(keys)):
                raise BenchError(f"{self.path}: {where}: {UnknownName('key', key, known)}")


_KEYS = (
    "summary", "metric", "budgets", "seeds", "shots", "strategies", "defaults",
    "selectors", "autotl", "dataset", "backbone", "peer",
)  # fmt: skip

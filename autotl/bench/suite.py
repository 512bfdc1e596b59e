"""A suite: which entrants meet on which data, as a TOML file says."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autotl.clock import parse_duration
from autotl.errors import BenchError, UnknownName
from autotl.metrics import METRICS

HERE = Path(__file__).parent / "suites"


@dataclass(frozen=True, slots=True)
class Data:
    """Where a data set comes from: exactly one of ``generator``, ``file`` and ``huggingface``.

    ``generator`` is "digits" or a family that :func:`autotl.bench.generated.draw` knows; ``file`` a name in
    the folder of data; ``huggingface`` a name on its hub. ``settings`` are further arguments of what draws or
    loads it; ``image`` and ``label`` its columns. At most
    ``train_cap`` and ``test_cap`` images per class are used. Without a test part of its own, ``test`` of each
    class become one. ``image_size`` is the input side in pixels that every entrant is given, None where each
    chooses.
    """

    name: str
    generator: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    huggingface: str | None = None
    image: str | None = None
    label: str | None = None
    train_cap: int = 0
    test_cap: int = 0
    test: float = 0.3
    image_size: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A pretrained network: a folder in the folder of weights, or a name that autotl opens ("tiny", timm's
    hub).
    """

    name: str
    folder: str | None = None
    hub: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool: a command that is given ``prepare NAME`` once and ``run NAME JOB.json OUT`` for each
    entry.
    """

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """Data sets × shots × backbones × entrants × seeds × budgets.

    ``strategies`` are names, or "all" for every one installed; with ``defaults`` each enters a second time
    with its default settings alone. ``selectors`` are other searches over all strategies:
    "random_search" and "plain_optuna". ``shots`` are training images per class, 0 for all.
    ``digest`` names the text of the file.
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
        """The folder of its split files."""
        return self.path.parent / "splits"


def shipped() -> list[str]:
    """The names of the suites that come with autotl."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def load(name: str | Path) -> Suite:
    """The suite of this name, or in this TOML file. Raises BenchError for what is wrong in it, and where."""
    path = _find(name)
    text = path.read_text(encoding="utf-8")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"{path} is no TOML: {error}") from error
    return _Reading(path).suite(found, hashlib.sha256(text.encode()).hexdigest()[:16])


def _find(name: str | Path) -> Path:
    given = Path(name)
    if given.suffix == ".toml":
        if not given.is_file():
            raise BenchError(f"There is no suite {given}.")
        return given
    if (path := HERE / f"{name}.toml").is_file():
        return path
    raise UnknownName("suite", str(name), shipped())


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the tables of one file, so that a complaint can say which file and which table."""

    path: Path

    def suite(self, found: dict[str, Any], digest: str) -> Suite:
        self._known(found, "the suite", _KEYS)
        budgets = tuple(parse_duration(each) for each in self._list(found, "budgets", ["60s"]))
        suite = Suite(
            name=self.path.stem,
            summary=str(found.get("summary", "")),
            metric=self._metric(found),
            datasets=tuple(self._data(each) for each in self._list(found, "dataset", [])),
            backbones=tuple(self._checkpoint(each) for each in self._list(found, "backbone", [])),
            budgets=budgets,
            seeds=self._whole(found, "seeds", [0]),
            shots=self._whole(found, "shots", [0]),
            strategies=tuple(map(str, self._list(found, "strategies", ["all"]))),
            defaults=bool(found.get("defaults", False)),
            selectors=tuple(map(str, self._list(found, "selectors", []))),
            autotl=bool(found.get("autotl", True)),
            peers=tuple(self._peer(each) for each in self._list(found, "peer", [])),
            digest=digest,
            path=self.path,
        )
        for what, things in (("dataset", suite.datasets), ("backbone", suite.backbones)):
            if not things:
                raise BenchError(f"{self.path}: no [[{what}]]. At least one is due.")
        for what, names in (
            ("data set", [each.name for each in suite.datasets]),
            ("backbone", [each.name for each in suite.backbones]),
            ("peer", [each.name for each in suite.peers]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise BenchError(
                    f"{self.path}: the {what} {twice[0]!r} is there twice. Names tell them apart."
                )
        return suite

    def _metric(self, found: Mapping[str, Any]) -> str:
        name = str(found.get("metric", "accuracy"))
        if name not in METRICS:  # a suite is run by others too, who have no function of one's own
            raise BenchError(f"{self.path}: {UnknownName('metric', name, METRICS)}")
        return name

    def _data(self, table: dict[str, Any]) -> Data:
        name = self._name(table, "dataset")
        where = f"the data set {name!r}"
        self._known(table, where, Data.__dataclass_fields__)
        forms = [key for key in ("generator", "file", "huggingface") if table.get(key)]
        if len(forms) != 1:
            raise BenchError(
                f"{self.path}: {where} has {len(forms)} of generator, file and huggingface. One is due."
            )
        if not 0 < float(table.get("test", 0.3)) <= 0.9:
            raise BenchError(f"{self.path}: {where} has test = {table['test']}, which is not in (0, 0.9].")
        return Data(**table)

    def _checkpoint(self, table: dict[str, Any]) -> Checkpoint:
        name = self._name(table, "backbone")
        self._known(table, f"the backbone {name!r}", Checkpoint.__dataclass_fields__)
        return Checkpoint(**table)

    def _peer(self, table: dict[str, Any]) -> Peer:
        name = self._name(table, "peer")
        self._known(table, f"the peer {name!r}", Peer.__dataclass_fields__)
        command = table.get("command")
        if not isinstance(command, list) or not command:
            raise BenchError(f"{self.path}: the peer {name!r} has no command: a list of words is due.")
        return Peer(name, tuple(map(str, command)))

    def _name(self, table: Any, what: str) -> str:
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(name, str) or not name or set(name) & set("/\\\0"):
            raise BenchError(f"{self.path}: a [[{what}]] needs a name that can be a file's, not {name!r}.")
        return name

    def _list(self, table: Mapping[str, Any], key: str, default: Sequence[Any]) -> list[Any]:
        found = table.get(key, default)
        if not isinstance(found, list):
            raise BenchError(f"{self.path}: {key} = {found!r} is no list.")
        return found

    def _whole(self, table: Mapping[str, Any], key: str, default: Sequence[int]) -> tuple[int, ...]:
        found = self._list(table, key, default)
        if bad := [each for each in found if not isinstance(each, int) or isinstance(each, bool) or each < 0]:
            raise BenchError(f"{self.path}: {key} has {bad[0]!r}, which is no whole number from 0 up.")
        return tuple(found)

    def _known(self, table: Mapping[str, Any], where: str, keys: Iterable[str]) -> None:
        for key in table:
            if key not in (known := list(keys)):
                raise BenchError(f"{self.path}: {where}: {UnknownName('key', key, known)}")


_KEYS = (
    "summary", "metric", "budgets", "seeds", "shots", "strategies", "defaults",
    "selectors", "autotl", "dataset", "backbone", "peer",
)  # fmt: skip

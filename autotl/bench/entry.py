"""The entrants and entries of a suite.

An entry is an entrant on a data set, with a seed and a budget.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autotl.api import OwnNetworks, Strategy, TargetSpec, Task, adapts, roles_of
from autotl.bench.data_sets.data import Data
from autotl.bench.suite import ALL, Checkpoint, Peer, Suite
from autotl.errors import FAILURES, UnknownName
from autotl.leaderboard import KEY, Kind
from autotl.preparation.additional.roles import counterparts_of, learnable

AUTOTL = "autotl"
DEFAULT = "@default"
"""The suffix of an entrant that runs a strategy only with its default settings."""
SELECTORS = ("random_search", "plain_optuna")
"""The other searches over all strategies, as in autotl.bench.joint, which imports torch."""
TYPICAL_ROWS, TYPICAL_SIZE = 20, 64
"""Training examples of a class and their size, for asking a strategy for its networks."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A participant of a benchmark.

    Attributes:
        name: Name of the entrant.
        kind: "strategy" (searched alone), "default" (a strategy with default settings), "autotl", "selector"
            (another search over all strategies) or "peer" (another tool).
        peer: The other tool, if it is one.
    """

    name: str
    kind: Kind
    peer: Peer | None = None

    @property
    def strategy(self) -> str | None:
        """The strategy that is searched alone; None if there is none."""
        return self.name.removesuffix(DEFAULT) if self.kind in ("strategy", "default") else None


@dataclass(frozen=True, slots=True)
class Entry:
    """The measurement of one row.

    Attributes:
        suite: Name of the suite.
        metric: Name of the metric.
        data: The data set.
        shots: Training images per class; 0 for all.
        backbone: The pretrained network.
        entrant: The entrant.
        seed: Seed of the split and of the entrant.
        budget: Time budget, in seconds.
    """

    suite: str
    metric: str
    data: Data
    shots: int
    backbone: Checkpoint
    entrant: Entrant
    seed: int
    budget: float

    @property
    def key(self) -> tuple[str, str, int, str, str, int, float]:
        """The key of its row, as :attr:`autotl.leaderboard.Row.key`."""
        case = self.suite, self.data.name, self.shots, self.backbone.name
        return *case, self.entrant.name, self.seed, self.budget

    @property
    def id(self) -> str:
        """A short identifier for file names."""
        return hashlib.blake2b(repr((KEY, self.key)).encode(), digest_size=8).hexdigest()

    def __str__(self) -> str:
        shots = f", {self.shots} shots" if self.shots else ""
        case = f"{self.data.name}{shots} · {self.backbone.name}"
        return f"{self.entrant.name} · {case} · seed {self.seed} · {self.budget:g} s"


def kind_of(name: str, suite: Suite) -> Kind:
    """Return the kind of the entrant of a name in a suite."""
    if name in {peer.name for peer in suite.peers}:
        return "peer"
    if name == AUTOTL:
        return "autotl"
    if name in SELECTORS:
        return "selector"
    return "default" if name.endswith(DEFAULT) else "strategy"


def entrants(suite: Suite, installed: Sequence[str], only: Sequence[str] = ()) -> list[Entrant]:
    """Return the entrants of a suite.

    Args:
        suite: The suite.
        installed: Names of the installed strategies.
        only: Names of entrants to return instead, which need not be in the suite.

    Raises:
        UnknownName: If there is no entrant of a name.
    """
    named: list[str] = []
    for strategies in (suite.strategies, *(data.strategies for data in suite.datasets)):
        named += installed if ALL in strategies else strategies
    known = {
        **{name: Entrant(name, "strategy") for name in installed},
        **{name + DEFAULT: Entrant(name + DEFAULT, "default") for name in installed},
        AUTOTL: Entrant(AUTOTL, "autotl"),
        **{name: Entrant(name, "selector") for name in SELECTORS},
        **{peer.name: Entrant(peer.name, "peer", peer) for peer in suite.peers},
    }
    chosen = list(only) or [
        *named,
        *(name + DEFAULT for name in named if suite.defaults),
        *suite.selectors,
        *([AUTOTL] if suite.autotl else []),
        *(peer.name for peer in suite.peers),
    ]
    for name in chosen:
        if name not in known:
            raise UnknownName("entrant", name, known)
    return [known[name] for name in dict.fromkeys(chosen)]


def takes_part(entrant: Entrant, data: Data, suite: Suite, strategies: Mapping[str, Strategy]) -> bool:
    """Return whether an entrant takes part on a suite's data set.

    "all" stands for the strategies that learn from no additional images. On data with such images, it stands
    for the strategies that learn from them, and for their counterparts. A peer takes part if images have one
    class each.

    Args:
        entrant: The entrant.
        data: The data set.
        suite: The suite.
        strategies: The installed strategies by name.
    """
    if not can_run(entrant, data, strategies):
        return False
    named = suite.strategies_of(data)
    if entrant.strategy is None or ALL not in named:
        return entrant.strategy is None or entrant.strategy in named
    if not data.additional:
        return True
    users = {name: each for name, each in learnable(strategies, data.additional).items() if roles_of(each)}
    return entrant.strategy in users or entrant.strategy in counterparts_of(users).values()


def can_run(entrant: Entrant, data: Data, strategies: Mapping[str, Strategy]) -> bool:
    """Return whether an entrant can run on a data set.

    A peer needs images with one class each. A strategy needs the additional images that it learns from, and a
    baseline inputs that its own networks take. A strategy that adapts to the place of use starts from the
    best model of a search, so only autotl runs it.

    Args:
        entrant: The entrant.
        data: The data set.
        strategies: The installed strategies by name.
    """
    if entrant.peer is not None:
        return data.target == "single_label" and data.modality == "image"
    found = strategies.get(entrant.strategy or "")
    if found is None:
        return True
    return not adapts(found) and {*roles_of(found)} <= {*data.additional} and _takes_inputs(found, data)


def _takes_inputs(strategy: Strategy, data: Data) -> bool:
    """Return whether a strategy trains backbones, or own networks that take the inputs of a data set."""
    if not isinstance(strategy, OwnNetworks):
        return True
    names = ("a",) if data.target == "regression" else ("a", "b")
    counts = {name: TYPICAL_ROWS for name in names}
    task = Task(TargetSpec(data.target, names), counts, TYPICAL_SIZE, modality=data.modality)
    try:
        offered = [weights.modality for weights in strategy.networks(task)]
    except FAILURES:  # a plugin's code: its failure gets a row
        return True
    return not offered or data.modality in offered


def entries(
    suite: Suite,
    taking_part: Sequence[Entrant],
    *,
    datasets: Sequence[Data],
    backbones: Sequence[Checkpoint],
    seeds: Sequence[int] = (),
    budgets: Sequence[float] = (),
) -> Iterator[Entry]:
    """Yield all entries, every entrant of one data set first.

    With this order, an interrupted benchmark has complete blocks.

    Args:
        suite: The suite.
        taking_part: The entrants.
        datasets: The data sets.
        backbones: The pretrained networks.
        seeds: Seeds; by default those of the suite.
        budgets: Budgets in seconds; by default those of the suite.
    """
    shots_of = {data.name: suite.shots_of(data) for data in datasets}
    all_shots = dict.fromkeys(shots for each in shots_of.values() for shots in each)
    combinations = itertools.product(
        budgets or suite.budgets, seeds or suite.seeds, all_shots, backbones, datasets, taking_part
    )
    for budget, seed, shots, backbone, data, entrant in combinations:
        if shots in shots_of[data.name]:
            metric = suite.metric_of(data)
            yield Entry(suite.name, metric, data, shots, backbone, entrant, seed, budget)

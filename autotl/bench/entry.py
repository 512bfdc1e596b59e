"""The entrants and entries of a suite.

An entry is an entrant on a data set, with a seed and a budget.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autotl.bench.suite import Checkpoint, Data, Peer, Suite
from autotl.errors import UnknownName
from autotl.leaderboard import KEY, Kind

AUTOTL = "autotl"
DEFAULT = "@default"
"""The suffix of an entrant that runs a strategy only with its default settings."""
SELECTORS = ("random_search", "plain_optuna")
"""The other searches over all strategies, as in autotl.bench.joint, which imports torch."""


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
    named = installed if "all" in suite.strategies else suite.strategies
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
    combinations = itertools.product(
        budgets or suite.budgets, seeds or suite.seeds, suite.shots, backbones, datasets, taking_part
    )
    for budget, seed, shots, backbone, data, entrant in combinations:
        yield Entry(suite.name, suite.metric, data, shots, backbone, entrant, seed, budget)

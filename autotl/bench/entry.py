"""One cell of a suite: an entrant on a data set, with a seed and a budget."""

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
SELECTORS = ("random_search", "plain_optuna")  # as in autotl.bench.joint, which brings torch along


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who takes part: a strategy searched on its own, one with its defaults alone, autotl, another search
    over all strategies (a selector), or a peer.
    """

    name: str
    kind: Kind
    peer: Peer | None = None

    @property
    def strategy(self) -> str | None:
        """The strategy that is searched alone, if one is."""
        return self.name.removesuffix(DEFAULT) if self.kind in ("strategy", "default") else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row measures."""

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
        """As :attr:`autotl.leaderboard.Row.key`."""
        case = self.suite, self.data.name, self.shots, self.backbone.name
        return *case, self.entrant.name, self.seed, self.budget

    @property
    def id(self) -> str:
        """A short name for files."""
        return hashlib.blake2b(repr((KEY, self.key)).encode(), digest_size=8).hexdigest()

    def __str__(self) -> str:
        shots = f", {self.shots} shots" if self.shots else ""
        case = f"{self.data.name}{shots} · {self.backbone.name}"
        return f"{self.entrant.name} · {case} · seed {self.seed} · {self.budget:g} s"


def entrants(suite: Suite, installed: Sequence[str], only: Sequence[str] = ()) -> list[Entrant]:
    """Who meets in a suite: the strategies it names (all installed, where it says so), other searches,
    autotl and the peers.

    With ``only`` these alone, be they in the suite or not. Raises UnknownName for a name nobody has.
    """
    named = installed if "all" in suite.strategies else suite.strategies
    known = {
        **{name: Entrant(name, "strategy") for name in installed},
        **{name + DEFAULT: Entrant(name + DEFAULT, "default") for name in installed},
        AUTOTL: Entrant(AUTOTL, "autotl"),
        **{name: Entrant(name, "selector") for name in SELECTORS},
        **{peer.name: Entrant(peer.name, "peer", peer) for peer in suite.peers},
    }
    wanted = list(only) or [
        *named,
        *(name + DEFAULT for name in named if suite.defaults),
        *suite.selectors,
        *([AUTOTL] if suite.autotl else []),
        *(peer.name for peer in suite.peers),
    ]
    for name in wanted:
        if name not in known:
            raise UnknownName("entrant", name, known)
    return [known[name] for name in dict.fromkeys(wanted)]


def entries(
    suite: Suite,
    taking_part: Sequence[Entrant],
    *,
    datasets: Sequence[Data],
    backbones: Sequence[Checkpoint],
    seeds: Sequence[int] = (),
    budgets: Sequence[float] = (),
) -> Iterator[Entry]:
    """All cells, so ordered that an interrupted benchmark has whole blocks: every entrant of one data set
    first.
    """
    cells = itertools.product(
        budgets or suite.budgets, seeds or suite.seeds, suite.shots, backbones, datasets, taking_part
    )
    for budget, seed, shots, backbone, data, entrant in cells:
        yield Entry(suite.name, suite.metric, data, shots, backbone, entrant, seed, budget)

"""One setting that is tried, and what it has shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from autotl.api import Arm, Checkpoint, FoldScore, Params, Record, State


@dataclass(slots=True)
class Trial:
    """One setting of one arm, on the folds it has run so far.

    ``expected`` is what a fold is expected to take, where the clock is not to decide anything; ``barred`` are
    folds that are not to be tried (again). ``curve`` are scores on the first fold by the share of it that was
    done then. One that was stopped for being behind can go on from its ``checkpoint``; ``gone_on``: it has.
    A first ``look`` has the settings of its arm's defaults but for a shorter training.
    """

    number: int
    arm: Arm
    params: Params
    seed: int
    default: bool
    folds: dict[int, FoldScore] = field(default_factory=dict)
    state: State = "complete"
    seconds: float = 0.0
    why: str = ""
    models: dict[int, str] = field(default_factory=dict)
    side: int = 0
    finished_at: float = 0.0
    baseline: bool = False
    expected: float | None = None
    barred: frozenset[int] = frozenset()
    curve: list[tuple[float, float]] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    gone_on: bool = False
    look: bool = False

    @property
    def cost(self) -> float:
        """The seconds that choices between trials count it with."""
        return self.seconds if self.expected is None else self.expected * max(1, len(self.folds))

    @property
    def fold_cost(self) -> float:
        """The same for one fold."""
        return self.fold_seconds if self.expected is None else self.expected

    @property
    def fold_seconds(self) -> float:
        """What one fold took."""
        return self.seconds / max(1, len(self.folds))

    @property
    def remaining(self) -> float:
        """What going on to the end of the first fold is expected to take; 0 without a checkpoint."""
        if self.checkpoint is None:
            return 0.0
        done = self.checkpoint.progress
        return (1 - done) * (self.seconds / done if self.expected is None else self.expected)

    @property
    def model(self) -> str | None:
        """The weights by which it is compared with others: those of the first fold."""
        return self.models.get(0)

    def record(self, score: float | None) -> Record:
        """The trial as a row of the leaderboard."""
        epochs = max((each.epochs for each in self.folds.values()), default=0)
        return Record(
            number=self.number,
            arm=self.arm,
            params=dict(self.params),
            default=self.default,
            state=self.state,
            score=score,
            folds=len(self.folds),
            epochs=epochs,
            seconds=self.seconds,
            finished_at=self.finished_at,
            why=self.why,
            gone_on=self.gone_on,
            look=self.look,
        )

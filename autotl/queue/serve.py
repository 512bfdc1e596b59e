"""A worker's loop: take jobs and run them, showing life meanwhile, until there are no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autotl.api import Job, Outcome, Said, State, Work
from autotl.clock import Clock, spell
from autotl.disk import is_full
from autotl.errors import StorageError
from autotl.queue.coding import keep_outcome, placed
from autotl.queue.member import Claim, Heard, Member

BEAT = 2.0
POLL = 0.2
"""Seconds between two looks for work."""
PATIENCE = 2.0
"""Seconds to wait for the answer to an epoch before the next one is told; a later answer counts all the same.
"""
GLANCE = 0.02


def serve(
    member: Member,
    make: Callable[[Path], Work],
    root: Path,
    *,
    idle: float,
    clock: Clock,
    say: Callable[[str], None],
    beat: float = BEAT,
) -> int:
    """Run jobs until the run ends, or for ``idle`` seconds there are none; gives how many.

    ``make`` gives what runs a job and writes its weights to a folder, which is one of its own for each claim;
    ``root`` is the run folder. An exception, Ctrl-C too, hands the job in hand back. Raises StorageError.
    """
    done, seen, since = 0, False, clock.now()
    with _alive(member, beat) as line:
        while True:
            claim = member.claim()
            if claim is not None:
                seen = True
                done += _run(member, line, claim, make, root, say)
                since = clock.now()
                continue
            state = member.state()
            seen = seen or state == "open"
            if seen and state == "ended":
                say("The run has ended its search.")
                return done
            if clock.now() - since >= idle:
                say(f"No work for {spell(idle)}.")
                return done
            time.sleep(POLL)


def _run(
    member: Member,
    line: _Line,
    claim: Claim,
    make: Callable[[Path], Work],
    root: Path,
    say: Callable[[str], None],
) -> bool:
    job, folder = placed(claim.job, root), root / ".cache" / "trials" / claim.folder
    line.take(claim)
    try:
        outcome = make(folder)(job, line.go)
        kept = not line.lost and member.finish(claim, keep_outcome(outcome, folder, root))
    except BaseException as error:
        with suppress(StorageError):  # what it is raised from says more
            if is_full(error):
                member.stop_all(claim, str(error))
            else:
                member.give_back(claim)
        raise
    finally:
        line.drop()
    say(_line(outcome, kept))
    return kept


def _line(outcome: Outcome, kept: bool) -> str:
    job = outcome.job
    scores = [each.score for each in outcome.folds]
    score = f"{sum(scores) / len(scores):.3f}" if scores else "–"
    how = outcome.state if kept else "given to another worker meanwhile; not counted"
    why = f" ({outcome.why})" if outcome.state == "failed" else ""
    folds = (
        f"{len(job.folds)} folds"
        if len(job.folds) > 1
        else f"fold {job.folds[0] + 1}"
        if job.folds
        else "all"
    )
    return (
        f"trial {job.number}  {job.strategy} · {job.backbone} · {folds}  {score}  "
        f"{spell(outcome.seconds)}  {how}{why}"
    )


class _Line:
    """What passes between a job and the coordinator."""

    def __init__(self, member: Member, beat: float) -> None:
        self._member, self._beat = member, beat
        self._lock = threading.Lock()
        self._claim: Claim | None = None
        self._heard, self._said, self._told_at = Heard(), 0, 0.0

    @property
    def lost(self) -> bool:
        return self._heard.lost

    def take(self, claim: Claim) -> None:
        with self._lock:
            self._claim, self._heard, self._said = claim, Heard(), 0
        self._told_at = time.monotonic()

    def drop(self) -> None:
        with self._lock:
            self._claim = None

    def show_life(self) -> None:
        with self._lock:
            claim = self._claim
        heard = self._member.beat(claim)
        with self._lock:
            if claim is not None and claim is self._claim:
                self._hear(heard)

    def go(self, job: Job, said: Said) -> State | None:
        """Tell it, and give the answer to what was told before: the way there and back costs no time then."""
        now = time.monotonic()
        counts = said.epoch.score is not None or said.done is not None
        claim = self._claim
        if claim is not None and not self._ended() and (counts or now - self._told_at >= self._beat):
            if counts:
                self._wait(claim)
            if not self._ended():
                self._said, self._told_at = self._said + 1, now
                self._update(self._member.say(claim, [(self._said, said)]))
        return "stopped" if self._heard.lost else self._heard.answer

    def _wait(self, claim: Claim) -> None:
        until = time.monotonic() + PATIENCE
        while self._heard.number < self._said and not self._ended() and time.monotonic() < until:
            time.sleep(GLANCE)
            self._update(self._member.say(claim))

    def _ended(self) -> bool:
        return self._heard.lost or self._heard.answer is not None

    def _update(self, heard: Heard) -> None:
        with self._lock:
            self._hear(heard)

    def _hear(self, heard: Heard) -> None:
        if not self._ended() and (heard.lost or heard.number >= self._heard.number):
            self._heard = heard


@contextmanager
def _alive(member: Member, beat: float) -> Iterator[_Line]:
    """Show life every ``beat`` seconds, from a thread, until the block ends."""
    line, over = _Line(member, beat), threading.Event()

    def show() -> None:
        while not over.is_set():
            with suppress(StorageError):  # the work itself meets it too, and raises it
                line.show_life()
            over.wait(beat)

    thread = threading.Thread(target=show, name="autotl-heartbeat", daemon=True)
    thread.start()
    try:
        yield line
    finally:
        over.set()
        thread.join()
        with suppress(StorageError):
            member.leave()

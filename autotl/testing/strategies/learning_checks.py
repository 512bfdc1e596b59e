"""Check how a strategy learns, on tiny images."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import torch

from autotl.api import Resumable, Score
from autotl.backbone import layout
from autotl.pipeline.prepare import Prepared
from autotl.testing.check_failed import CheckFailed, require
from autotl.testing.strategies.case import StrategyCase, copied, equal_states

MAX_SILENCE = 2.5
"""Most seconds between two steps, if reading some images takes one second."""
MAX_GROWTH = 4 * 2**20
"""Bytes that a step may keep."""
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
MIN_ABOVE_CHANCE = 0.1
"""Least score above chance on the tiny images, which are easy to distinguish."""


def check_learns(case: StrategyCase) -> None:
    """Check that the tiny images are learned clearly above chance.

    A baseline may need more images.
    """
    if case.strategy.baseline:
        return
    found, chance = case.usual, 1 / case.ready.task.target.outputs
    score = found.scores[-1].value if found.scores else math.nan
    if score >= chance + MIN_ABOVE_CHANCE:
        return
    outputs, targets = found.scores[-1].outputs, found.bench.targets().val
    best = max(
        float((torch.tensor(order)[outputs.argmax(1)] == targets).float().mean())
        for order in itertools.permutations(range(outputs.shape[1]))
    )
    reached = found.bench.used & {"batches", "to_batch", "cut", "features"}
    if not reached:
        cause = "It calls neither bench.batches nor bench.to_batch, so its images are not normalised"
    elif best >= score + 2 * MIN_ABOVE_CHANCE:
        cause = (
            f"Its outputs predict the classes in another order ({best:.0%} after renaming): train on "
            "bench.targets().train in the order of the rows"
        )
    else:
        cause = "Check the loss, the learning rate, and that images are normalised by bench.to_batch"
    raise CheckFailed(
        f"The defaults must learn the tiny images (got a score of {score:.2f}, where guessing gives "
        f"{chance:.2f}). {cause}."
    )


def check_progress(case: StrategyCase) -> None:
    """Check that progress rises to 1, with a score at the end."""
    progress = [step.progress for step in case.usual.steps]
    falling = next((pair for pair in itertools.pairwise(progress) if pair[1] < pair[0]), None)
    require(falling is None, f"{falling}", "Progress must not fall", "Yield bench.beat() without arguments.")
    last = case.usual.steps[-1] if case.usual.steps else None
    require(
        isinstance(last, Score) and last.progress == 1,
        repr(last) if not isinstance(last, Score) else f"a last progress of {last.progress}",
        "The last step must be a score with a progress of 1",
        "End with bench.score(…).",
    )


def check_silence(case: StrategyCase) -> None:
    """Check that the learner yields at least once for a few batches."""
    longest = max(case.usual.silences, default=0.0)
    require(
        longest <= MAX_SILENCE,
        f"{longest:.0f} batches in a row",
        "fit must yield a step after every batch or two, so that a deadline holds",
        "Yield bench.beat() in the loop over batches.",
    )


def check_close(case: StrategyCase) -> None:
    """Check that the generator ends when it is closed."""
    steps = case.strategy.build(case.defaults, case.bench()).fit()
    next(steps)
    try:
        steps.close()
    except RuntimeError as error:
        raise CheckFailed(
            f"fit must end when it is closed (got {error}). Do not catch GeneratorExit, or raise it again."
        ) from error


def check_repeatable(case: StrategyCase) -> None:
    """Check that the same seed gives the same network.

    Global random numbers must not matter.
    """
    again = case.learn(global_seed=1)
    one, other = ([score.value for score in found.scores] for found in (case.usual, again))
    require(
        one == other and equal_states(case.usual.states[-1], again.states[-1]),
        f"scores {one} and then {other}",
        "The same seed must give the same network",
        "Draw all random numbers from bench.generator(…), and none from global generators.",
    )


def check_seed(case: StrategyCase) -> None:
    """Check that another seed gives another network, unless the strategy is deterministic."""
    if getattr(case.strategy, "deterministic", False):
        return
    other = case.learn(seed=8)
    require(
        not equal_states(case.usual.states[-1], other.states[-1]),
        "equal weights for two seeds",
        "Another seed must give another network",
        "Draw from bench.generator(…), or set deterministic = True if nothing is random.",
    )


def check_refit(case: StrategyCase) -> None:
    """Check that the refit delivers the network of its last epoch."""
    found = case.learn(fold=None)
    require(
        found.scores, "no score", "A refit must end with a score too", "Yield bench.score(…) in any case."
    )
    trained = len(found.scores) > 1 and not equal_states(case.usual.states[0], case.usual.states[-1])
    require(
        not trained or not equal_states(found.states[0], found.states[-1]),
        "the weights of the first epoch after the last one",
        "A refit must deliver the network of its last epoch",
        "Without validation rows every score is 0, so do not keep the best network so far.",
    )


def check_frozen(case: StrategyCase) -> None:
    """Check that frozen stages keep the source's parameters and BatchNorm statistics."""
    found = case.usual
    source = found.bench.model().state_dict()
    names = {name for frozen in found.bench.frozen for name in frozen.parameters}
    names |= _statistics(source, {module for frozen in found.bench.frozen for module in frozen.modules})
    depth = case.defaults.get("freeze")
    if isinstance(depth, int) and depth > 0 and not case.strategy.baseline:
        stages = layout(found.bench.model())
        names |= frozenset[str]().union(*stages.parameters[:depth])
        names |= _statistics(source, frozenset[str]().union(*stages.modules[:depth]))
    moved = sorted(
        name for name in names & source.keys() if not torch.equal(source[name], found.states[-1][name])
    )
    statistics = [name for name in moved if name.endswith(STATISTICS)]
    if statistics and len(statistics) == len(moved):
        raise CheckFailed(
            f"A frozen BatchNorm must keep its statistics (got other values of {moved[0]}). "
            "Call the function that bench.freeze returns at the start of each epoch."
        )
    require(
        not moved,
        f"other values of {', '.join(moved[:3])}",
        "Frozen stages must keep the source's weights",
        "Give the optimiser only parameters that require gradients.",
    )


def check_input_size(case: StrategyCase) -> None:
    """Check the image size of the delivered network."""
    wanted, found = case.defaults.get("image_size"), case.usual.bench.result.input_size
    require(
        wanted is None or wanted == found,
        f"{found} px, with image_size = {wanted}",
        "The network must be scored at the image size of its settings",
        "Pass input_size=image_size to bench.score.",
    )


def check_weights(case: StrategyCase) -> None:
    """Check that rows of little weight count less.

    A strategy may decline weights.
    """
    weights = torch.linspace(0.0, 2.0, len(case.ready.run_cache.order))

    def weighted(ready: Prepared) -> Prepared:
        cache = ready.run_cache.with_store(ready.run_cache.store)
        cache.weights, cache.weights_digest = weights, "of the checks"
        return replace(ready, run_cache=cache)

    if case.usual.bench.weights() is not None or getattr(case.strategy, "reads_weights", True) is False:
        return
    require(
        not equal_states(case.usual.states[-1], case.learn(change=weighted).states[-1]),
        "the same network with and without weights",
        "Rows must count by bench.weights()",
        "Pass batch.weights to bench.target.loss, or set reads_weights = False if that is impossible.",
    )


def check_memory(case: StrategyCase) -> None:
    """Check that steps keep no memory."""
    memory = case.usual.memory
    half = len(memory) // 2
    growth = (memory[-1] - memory[half]) / max(1, len(memory) - half - 1) if half else 0.0
    require(
        growth <= MAX_GROWTH,
        f"{growth / 2**20:.0f} MiB more after each step",
        "A step must free its memory",
        "Keep loss.item() or loss.detach(), not the loss, and no list of batches.",
    )


def check_resume(case: StrategyCase) -> None:
    """Check that a resumed training ends like an uninterrupted one."""
    stopped_at = next((i for i, step in enumerate(case.usual.steps) if isinstance(step, Score)), None)
    if stopped_at is None or len(case.usual.scores) < 2:
        return
    first, second = case.bench(), case.bench()
    learner, again = (case.strategy.build(case.defaults, bench) for bench in (first, second))
    steps = learner.fit()
    for _ in range(stopped_at + 1):
        next(steps)
    kept = learner.checkpoint() if isinstance(learner, Resumable) else first.progress.tensors()
    steps.close()
    if kept is None:
        return
    if isinstance(again, Resumable):
        again.resume(kept)
    else:
        second.progress.resume_from(kept)
    scores = [step.value for step in again.fit() if isinstance(step, Score)]
    expected = [score.value for score in case.usual.scores[1:]]
    require(
        scores == expected and equal_states(copied(second.result.model.state_dict()), case.usual.states[-1]),
        f"scores {scores} in place of {expected}",
        "A resumed training must end like an uninterrupted one",
        "Keep all random states in the checkpoint, or loop over bench.epochs(…, model=…, optimiser=…).",
    )


def check_test_rows(case: StrategyCase) -> None:
    """Check that no test image is opened, and no test label read."""
    opened = case.usual.bench.opened_test_rows()
    require(
        not opened,
        f"{len(opened)} test images opened",
        "A strategy must not open test images",
        "Use bench.batches, bench.inputs and bench.targets.",
    )


def _statistics(state: Mapping[str, Any], modules: Collection[str]) -> set[str]:
    """Return the names of BatchNorm statistics in some modules."""
    return {name for name in state if name.endswith(STATISTICS) and name.rpartition(".")[0] in modules}

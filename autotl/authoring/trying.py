"""Try a strategy on a few images, and list the facts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from autotl.api import Strategy
from autotl.backbone import layout
from autotl.testing.bench import tiny_run
from autotl.testing.strategies.case import StrategyCase, case_of
from autotl.testing.strategies.checks import CHECKS, RAISED, Finding, find_failures
from autotl.testing.strategies.settings_checks import MACHINE

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Tried:
    """A strategy's training on tiny images.

    Attributes:
        facts: Facts of the training, as pairs of a name and a text.
        failures: The checks that fail.
        checks: Number of checks.
    """

    facts: tuple[tuple[str, str], ...]
    failures: tuple[Finding, ...]
    checks: int


def try_strategy(strategy: Strategy) -> Tried:
    """Train a strategy on tiny images, and check its contract.

    It gets 60 images and its default settings.

    Args:
        strategy: The strategy.
    """
    with TemporaryDirectory(prefix="autotl-try-") as folder:
        case = case_of(strategy, tiny_run(Path(folder)))
        failures = tuple(find_failures(case))
        if _raised(failures):
            return Tried((), failures, len(CHECKS))
        applies = strategy.applies(case.ready.task, case.backbone)
        facts = tuple(_facts(case)) if applies else (("applies", f"not to the tiny images: {applies.why}"),)
    return Tried(facts, failures, len(CHECKS))


def _raised(failures: tuple[Finding, ...]) -> bool:
    return any(each.message.startswith(RAISED) for each in failures)


def _facts(case: StrategyCase) -> list[tuple[str, str]]:
    """Return what a training did."""
    found = case.usual
    cost = case.strategy.cost(case.defaults, case.ready.task, case.backbone, MACHINE).seconds
    score, size = found.scores[-1], found.bench.result.input_size
    chance = 1 / case.ready.task.target.outputs
    growth = (max(found.memory) - found.memory[0]) / MIB if found.memory else 0.0
    return [
        ("settings", ", ".join(f"{name}={value}" for name, value in case.defaults.items())),
        (
            "score",
            f"{score.value:.2f} in epoch {score.epoch}; guessing gives {chance:.2f}",
        ),
        ("unchanged", _unchanged(case)),
        (
            "cost",
            f"{cost:.2g} s expected by its cost method, {found.seconds:.2g} s measured here",
        ),
        ("steps", f"{len(found.steps)}; batches between two steps: at most {max(found.silences):.0f}"),
        ("memory", f"{max(growth, 0.0):.0f} MiB more at the peak than after the first step"),
        (
            "delivered",
            f"a stock {case.backbone.architecture}, as scored, at {size} px",
        ),
        *(("note", each) for each in found.bench.notes),
    ]


def _unchanged(case: StrategyCase) -> str:
    """Return the stages that kept all weights, and the share of the weights that did."""
    source, final = case.bench().model().state_dict(), case.usual.states[-1]
    if case.strategy.baseline:
        return "nothing: it starts from random weights"
    stages = layout(case.bench().model())
    frozen = [
        stage.name
        for stage, names in zip(stages.stages, stages.parameters, strict=True)
        if all(torch.equal(source[name], final[name]) for name in names)
    ]
    same = sum(int((source[name] == final[name]).sum()) for name in source)
    total = sum(value.numel() for value in source.values())
    text = f"{100 * same / total:.0f} % of the weights"
    return f"{', '.join(frozen)}; {text}" if frozen else f"no stage; {text}"

"""Conformance checks for plugins, and tiny data to run them on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotl.testing.backbone import BackboneSourceChecks
    from autotl.testing.bench import tiny_bench, tiny_run
    from autotl.testing.check_failed import CheckFailed
    from autotl.testing.data import tiny_images, tiny_targets, tiny_task
    from autotl.testing.executor import ExecutorChecks
    from autotl.testing.head import HeadKindChecks
    from autotl.testing.modality import ModalityChecks
    from autotl.testing.reader import ReaderChecks
    from autotl.testing.reporter import ReporterChecks
    from autotl.testing.run_checks import (
        check_reporter,
        check_similarity,
        check_target,
        check_transferability,
    )
    from autotl.testing.similarity import SimilarityChecks
    from autotl.testing.strategies.checks import check_strategy
    from autotl.testing.strategy import StrategyChecks, parametrize_with_checks
    from autotl.testing.target import TargetChecks
    from autotl.testing.transferability import TransferabilityChecks

__all__ = [
    "BackboneSourceChecks",
    "CheckFailed",
    "ExecutorChecks",
    "HeadKindChecks",
    "ModalityChecks",
    "ReaderChecks",
    "ReporterChecks",
    "SimilarityChecks",
    "StrategyChecks",
    "TargetChecks",
    "TransferabilityChecks",
    "check_reporter",
    "check_similarity",
    "check_strategy",
    "check_target",
    "check_transferability",
    "parametrize_with_checks",
    "tiny_bench",
    "tiny_images",
    "tiny_run",
    "tiny_targets",
    "tiny_task",
]

_MODULES = {
    "BackboneSourceChecks": "backbone",
    "ExecutorChecks": "executor",
    "HeadKindChecks": "head",
    "ModalityChecks": "modality",
    "ReaderChecks": "reader",
    "ReporterChecks": "reporter",
    "SimilarityChecks": "similarity",
    "CheckFailed": "check_failed",
    "StrategyChecks": "strategy",
    "check_reporter": "run_checks",
    "check_similarity": "run_checks",
    "check_strategy": "strategies.checks",
    "check_target": "run_checks",
    "check_transferability": "run_checks",
    "parametrize_with_checks": "strategy",
    "TargetChecks": "target",
    "TransferabilityChecks": "transferability",
    "tiny_bench": "bench",
    "tiny_images": "data",
    "tiny_run": "bench",
    "tiny_targets": "data",
    "tiny_task": "data",
}


def __getattr__(name: str) -> Any:
    # worker processes unpickle parts of this package, and should not import torch and timm for it
    if name in _MODULES:
        globals()[name] = getattr(import_module(f"autotl.testing.{_MODULES[name]}"), name)
        return globals()[name]
    raise AttributeError(f"module 'autotl.testing' has no attribute {name!r}")

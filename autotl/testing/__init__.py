"""Checks a plugin author runs against their own plugin, and tiny data to run them on."""

from autotl.testing.backbone import BackboneSourceChecks
from autotl.testing.bench import tiny_bench, tiny_run
from autotl.testing.data import tiny_images
from autotl.testing.executor import ExecutorChecks
from autotl.testing.reader import ReaderChecks
from autotl.testing.reporter import ReporterChecks
from autotl.testing.similarity import SimilarityChecks
from autotl.testing.strategy import StrategyChecks
from autotl.testing.transferability import TransferabilityChecks

__all__ = [
    "BackboneSourceChecks",
    "ExecutorChecks",
    "ReaderChecks",
    "ReporterChecks",
    "SimilarityChecks",
    "StrategyChecks",
    "TransferabilityChecks",
    "tiny_bench",
    "tiny_images",
    "tiny_run",
]

"""Set up every test session of this repository, those of the plugins included."""

from __future__ import annotations

import os
import tempfile

import pytest

MOST_WORKERS = 4

os.environ["AUTOTL_EXPERIENCE"] = "off"  # tests neither read nor write the table of who runs them
os.environ["AUTOTL_RUNS"] = "off"  # a run without a folder of its own is removed with its result
if "PYTEST_XDIST_WORKER" in os.environ:
    # set before torch is imported: more threads than cores only wait for each other
    os.environ["OMP_NUM_THREADS"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Keep converted weights out of the user's cache, in a folder that all processes of the session share."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        cache = tempfile.TemporaryDirectory(prefix="autotl-tests-", ignore_cleanup_errors=True)
        os.environ["AUTOTL_CACHE_DIR"] = cache.name
        config.add_cleanup(cache.cleanup)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return one process per core for folders and the whole suite, and none for named files.

    A process imports torch before its first test. Few files take as long as that.
    """
    if config.args and all(".py" in each for each in config.args):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)

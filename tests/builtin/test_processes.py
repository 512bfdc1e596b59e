"""Trials side by side in processes: what they say, how they end, and what becomes of one that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autotl.api import DIED, Epoch, FoldScore, Go, Job, Outcome, Said, State
from autotl.builtin.processes import Processes, autotl_executors
from autotl.errors import DiskFull, RunError
from autotl.testing.executor import ExecutorChecks, job, listen

ROOT = Path(__file__).parents[2]


class TestProcesses(ExecutorChecks):
    executor = Processes()
    room = 2


def test_the_plugin_offers_it() -> None:
    assert [executor.name for executor in autotl_executors()] == ["processes"]

"""Settings of a run on the CPU, from arguments of ``fit``."""

from __future__ import annotations

from typing import Any

from autotl.config.run_config import RunConfig
from autotl.config.run_settings import RunSettings, resolve


def settings(**arguments: Any) -> RunSettings:
    """Return the settings of a run of one trial, unless a budget is given."""
    limit = {} if {"budget", "trials"} & arguments.keys() else {"trials": 1}
    return resolve(RunConfig.of(**{"device": "cpu", **limit, **arguments}))

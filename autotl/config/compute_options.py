"""Declare the options of the machine; see :mod:`autotl.config.options` for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from autotl.config.choices import DeviceName
from autotl.config.option_facts import option
from autotl.masking import VARIABLE

MAX_WORKERS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeOptions:
    """The machine, and how trials run on it.

    Attributes:
        all: Each field has its description in ``help``.
    """

    device: DeviceName | str = option(
        "auto",
        "auto, cpu, cuda, cuda:N or mps.",
        metavar="NAME",
        panel="Machine",
        choices=get_args(DeviceName),
        in_analyze=True,
        resumable=True,
        resume_help="Another device: auto, cpu, cuda, cuda:N or mps.",
    )
    executor: str = option(
        "auto",
        "The executor of trials; see 'autotl plugins'.",
        metavar="NAME",
        panel="Machine",
        resumable=True,
        resume_help="Another executor; see 'autotl plugins'.",
    )
    workers: int = option(
        1,
        "Trials that run at once, each in a process.",
        metavar="NUMBER",
        panel="Machine",
        bounds=(None, MAX_WORKERS),
        shown_bounds=(1, None),
        resumable=True,
        resume_help="Trials that run at once from now on.",
    )
    processes: int = option(
        1,
        "Processes that train each network, one on each GPU.",
        metavar="NUMBER",
        panel="Machine",
        bounds=(None, MAX_WORKERS),
        shown_bounds=(1, None),
        resumable=True,
        resume_help="Processes that train each network from now on.",
    )
    storage: str | None = option(
        None,
        "URL of a database for Optuna's studies, instead of a file in the run folder.",
        metavar="URL",
        panel="Machine",
        text="a URL",
        environment=VARIABLE,
        resume_help=f"The run's database, given again with its password; or {VARIABLE}.",
        repr=False,
    )
    cache: str | int | None = option(
        None,
        "Disk for images and activations: 2GiB, or off. Default: depends on the free space.",
        metavar="SIZE",
        panel="Machine",
        text="a size such as '2GiB'",
        unit="bytes",
        resumable=True,
        resume_help="Disk for images and activations: 2GiB, or off.",
    )

"""Declare every option of a run once, in four groups.

The fourth group, of the machine, is in :mod:`autotl.config.compute_options`. A new option is a field here,
a parameter of :func:`autotl.fit`, and the code that reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from autotl.config.choices import CleanName, MetricName, PresetName, TargetName
from autotl.config.option_facts import images_option, option

AUTO = ("auto",)
"""The backbones of a user who names none: autotl chooses."""
CLEANING: tuple[str, ...] = get_args(CleanName)
MAX_PIXELS = 4096
"""The largest image size: activations of larger images fit into no memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions:
    """The images, and their treatment before the search.

    Attributes:
        all: Each field has its description in ``help``.
    """

    data: Any = option(
        None,
        "A folder of class folders, a zip of one, or a CSV/Parquet table.",
        in_analyze=True,
        on_command_line=False,
    )
    label: tuple[str, ...] | None = option(
        (),
        "The column of labels, in a table. Repeat it for a column per label or number.",
        metavar="COLUMN",
        in_analyze=True,
    )
    group: str | None = option(
        None,
        "The column whose equal values must stay in one part of the split; none: look for no groups.",
        metavar="COLUMN",
        text="a column name",
        in_analyze=True,
    )
    test: float = option(
        0.2,
        "Fraction of the images held out for the final test, if the data has no test part.",
        metavar="FRACTION",
        in_analyze=True,
    )
    target: TargetName | str | None = option(
        None,
        "The kind of target: single (a class), multi (labels), number (numbers). Default: inferred.",
        metavar="KIND",
        panel="Data",
        choices=get_args(TargetName),
        in_analyze=True,
    )
    image: str | None = option(
        None,
        "The column of image paths, in a table.",
        metavar="COLUMN",
        panel="Data",
        text="a column name",
        in_analyze=True,
    )
    text: str | None = option(
        None,
        "The column of texts, in a table without images.",
        metavar="COLUMN",
        panel="Data",
        text="a column name",
        in_analyze=True,
    )
    source: Any = images_option(
        "Images the backbone was pretrained on: similarity is measured, and multi_task learns from them."
    )
    unlabelled: Any = images_option("Images like yours without labels, which self_training learns from.")
    deploy: Any = images_option(
        "Images of the place of use, usually without labels: the model is adapted to them if a guard agrees."
    )
    clean: CleanName | str = option(
        "report",
        "Label issues, copies and leaks: report, drop (leave out) or weight (count less).",
        metavar="HOW",
        panel="Data",
        choices=CLEANING,
    )
    reweight: bool = option(
        False, "Weight training images by their similarity to the test images.", panel="Switches"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """The budget of the search, and its space.

    Attributes:
        all: Each field has its description in ``help``.
    """

    budget: str | float | None = option(
        None,
        "Wall-clock time: 90s, 10m, 2h. Default: the preset's.",
        metavar="TIME",
        text="a time such as '90s'",
        unit="seconds",
        resumable=True,
        resume_help="A larger total of wall-clock time.",
    )
    preset: PresetName | str = option(
        "balanced",
        "quick (1m), balanced (5m) or best (30m, --all-backbones, --curves); other options override it.",
        metavar="NAME",
        choices=get_args(PresetName),
    )
    metric: MetricName | str | Callable[..., float] | None = option(
        None,
        "accuracy, balanced_accuracy, macro_f1, log_loss, auroc, or module:function of labels and "
        "probabilities, higher being better. Several labels: mean_average_precision, macro_f1, micro_f1, "
        "subset_accuracy, log_loss. Numbers: mae, rmse, r2, spearman. Default: the first of each.",
        metavar="NAME",
        choices=get_args(MetricName),
        resume_help="The run's own module:function, given again.",
    )
    seed: int = option(
        0,
        "Same data and seed: same split and same random choices.",
        metavar="NUMBER",
        panel="Data",
        bounds=(0, 2**32 - 1),
        in_analyze=True,
    )
    trials: int | None = option(
        None,
        "At most this many trials.",
        metavar="NUMBER",
        panel="Search",
        shown_bounds=(1, None),
        resumable=True,
        resume_help="A larger total of trials.",
    )
    strategies: tuple[str, ...] = option(
        (),
        "Search only this strategy. May be given several times.",
        flag="--strategy",
        metavar="NAME",
        panel="Search",
    )
    without: tuple[str, ...] = option(
        (),
        "Leave out this plugin, built-in or not. May be repeated.",
        metavar="NAME",
        panel="Search",
        in_analyze=True,
    )
    fixed: tuple[str, ...] = option(
        (),
        "Fix a setting, such as finetune.lr=0.001. May be repeated.",
        flag="--set",
        metavar="STRATEGY.SETTING=VALUE",
        panel="Search",
        text="a text such as 'finetune.lr=0.001'",
    )
    image_size: int | None = option(
        None,
        "Image size, instead of a searched one.",
        metavar="PIXELS",
        panel="Search",
        unit="pixels",
        bounds=(8, MAX_PIXELS),
        shown_bounds=(8, MAX_PIXELS),
        in_analyze=True,
    )
    all_backbones: bool | None = option(
        None,
        "Search every backbone, including those with clearly lower scores before training.",
        flag="--all-backbones/--chosen-backbones",
        panel="Switches",
    )
    experience: bool = option(
        True,
        "Warm-start from past runs on this machine, and add this run to them.",
        panel="Switches",
        in_analyze=True,
    )
    curves: bool | None = option(
        None,
        "Estimate the dataset size at which from-scratch training matches transfer.",
        panel="Switches",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The networks to start from, and the limits of the final model.

    Attributes:
        all: Each field has its description in ``help``.
    """

    backbone: tuple[str, ...] = option(
        AUTO,
        "efficientnet_lite0, a timm model name, or a folder with weights. May be given several times.",
        metavar="NAME",
        in_analyze=True,
    )
    max_latency: str | None = option(
        None,
        "Longest time for one image on this machine, in a batch of one: 5ms.",
        metavar="TIME",
        panel="Limits of the model",
        text="a time such as '5ms'",
    )
    max_size: str | int | None = option(
        None,
        "Largest weights file of the model: 10MB.",
        metavar="SIZE",
        panel="Limits of the model",
        text="a size such as '10MB'",
        unit="bytes",
    )
    ensemble: bool = option(
        False,
        "Combine several trials' networks if that scores better.",
        panel="Switches",
        resumable=True,
        resume_help="Whether the final model may combine several trials' networks.",
    )
    tta: bool = option(
        False,
        "Average over mirror images if that scores better in validation; takes twice the time.",
        panel="Switches",
    )

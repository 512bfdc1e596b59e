"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autotl.cli.help import CLEANINGS, METRICS, PRESETS, completed

Data = Annotated[str, typer.Argument(help="A folder of class folders, a zip of one, or a CSV/Parquet table.")]
Run = Annotated[Path, typer.Argument(help="A run folder: the --out of 'autotl fit'.")]
Backbone = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="efficientnet_lite0, a timm model name, or a folder with weights. May be given several times.",
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="DATA", help="Images the backbone was pretrained on, to measure how similar yours are."
    ),
]
Strategy = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Search only this strategy. May be given several times."),
]
Without = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Leave out this plugin, built-in or not. May be repeated."),
]
Metric = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=completed(*METRICS),
        help="accuracy, balanced_accuracy, macro_f1, log_loss, auroc, or module:function of labels and "
        "probabilities, higher being better.",
    ),
]
Side = Annotated[
    int | None,
    typer.Option(min=8, max=4096, metavar="PIXELS", help="Image size, instead of a searched one."),
]
MaxLatency = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Longest time for one image on this machine, in a batch of one: 5ms."),
]
MaxSize = Annotated[str | None, typer.Option(metavar="SIZE", help="Largest weights file of the model: 10MB.")]
Test = Annotated[
    float,
    typer.Option(
        metavar="SHARE", help="Share of the images kept for the final test, if the data has no test part."
    ),
]
Image = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column of image paths, in a table.")]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column of labels, in a table.")]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column whose equal values must stay in one part of the split; none: look for no groups.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=completed("auto", "cpu", "cuda", "mps"),
        help="auto, cpu, cuda, cuda:N or mps.",
    ),
]
Clean = Annotated[
    str,
    typer.Option(
        metavar="HOW",
        autocompletion=completed(*CLEANINGS),
        help="Doubtful labels, copies and leaks: report, drop (leave out) or weight (count less).",
    ),
]
Reweight = Annotated[
    bool,
    typer.Option("--reweight", help="Weigh training images by how much they look like the test's."),
]
Preset = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=completed(*PRESETS),
        help="quick (1m), balanced (5m) or best (30m, --all-backbones, --curves); other options win over it.",
    ),
]
AllBackbones = Annotated[
    bool | None,
    typer.Option(
        "--all-backbones/--chosen-backbones", help="Search them all, also those that scores set aside."
    ),
]
Experience = Annotated[
    bool,
    typer.Option(
        "--experience/--no-experience", help="Learn from past runs on this machine, and keep what this shows."
    ),
]
Curves = Annotated[
    bool | None,
    typer.Option(
        "--curves/--no-curves", help="Estimate how many images training from scratch needs to catch up."
    ),
]
Ensemble = Annotated[
    bool,
    typer.Option("--ensemble", help="Let several trials' networks answer together if that scores better."),
]
Storage = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="AUTOTL_STORAGE",
        show_envvar=True,
        help="URL of a database for Optuna's studies, instead of a file in the run folder.",
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="NUMBER", help="Same data and seed, same split and same random choices.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]

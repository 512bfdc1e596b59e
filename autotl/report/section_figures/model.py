"""Build the figures of the delivered model."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report import figures, format
from autotl.report.document.evaluation import ReliabilityBin
from autotl.report.document.model import What
from autotl.report.document.report import Report
from autotl.report.section import Figure


def network_figure(what: What) -> Figure:
    """Return the network as stages."""
    return Figure(
        "network",
        "Each part of the network, from image to prediction: its share of the weights, and how far they "
        "moved. The distance is the L2 norm of their change over that of the pretrained weights.",
        lambda width: figures.network(_stages(what), width=width),
    )


def _stages(what: What) -> list[figures.StageBar]:
    if not what.stages or not what.transferred_stages:
        return []
    frozen, new = what.frozen_stages or (), what.new_parameters
    known = [each.parameters or 0 for each in what.stages]
    total = (sum(known) + (new or 0)) or 1
    bars = [
        figures.StageBar(
            format.value(each.stage),
            "frozen" if each.stage in frozen else "tuned",
            None if each.parameters is None else each.parameters / total,
            each.moved,
        )
        for each in what.stages
    ]
    share = None if new is None else new / total
    return [
        *bars,
        *(
            figures.StageBar(format.value(each.partition(" (")[0]), "new", share)
            for each in what.replaced[:1]
        ),
    ]


def confusion_figure(report: Report) -> Figure:
    """Return the confusion matrix."""
    many = len(report.class_names) > figures.MOST_CLASSES
    names = "Point at a cell to see its classes" if many else "Columns are in the same order"
    return Figure(
        "confusion",
        f"Rows are the true classes, columns the predictions. {names}. Blue is correct, orange is wrong; the "
        "shade is the share of the true class.",
        lambda width: figures.confusion(report.confusion, report.class_names, width=width),
        place="below" if many else "beside",
    )


def reliability_figure(report: Report) -> Figure:
    """Return the reliability diagram before and after calibration."""
    after, before = _bins(report.test.reliability), _bins(report.test.reliability_before)
    noun = "label" if report.target.kind == "multi_label" else "prediction"
    return Figure(
        "reliability",
        "Share of right predictions by their probability, with exact 95% intervals. Below the diagonal, "
        "probabilities are too high.",
        lambda width: figures.reliability(after, () if before == after else before, noun=noun, width=width),
        place="beside",
    )


def _bins(found: Sequence[ReliabilityBin]) -> list[figures.Bin]:
    return [figures.Bin(each.stated, each.observed, each.n) for each in found if each.n]

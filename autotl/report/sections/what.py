"""Build the section about the transferred layers."""

from __future__ import annotations

from collections.abc import Iterable

from autotl.report import format
from autotl.report.document.model import What
from autotl.report.document.report import Report
from autotl.report.section import Section, Stage
from autotl.report.section_figures.model import network_figure

MIN_KEPT = 0.05
"""Share of unchanged weights from which a sentence tells it."""


def section(report: Report) -> Section:
    """Describe the source network and its pretrained, trained and new layers."""
    what, ensemble = report.what, report.how.ensemble
    sentences = [
        "The model is an ensemble. This section describes its first network, from the chosen trial."
        if ensemble and ensemble.kept
        else "",
        _network(what),
        format.sentence(what.source),
        f"The kind of transfer is {what.kind}." if what.kind else "",
        *_stages(what),
        f"Replaced: {format.listing(what.replaced)}." if what.replaced else "",
        format.sentence(what.bn_policy),
    ]
    return Section(
        name="what",
        title="What was transferred",
        link="What",
        sentences=tuple(filter(None, sentences)),
        figures=(network_figure(what),),
        stages=() if what.stages else _chain(what),
    )


def _network(what: What) -> str:
    if not what.backbone:
        return ""
    kind = "network" if what.transferred_stages == () else "backbone"
    text = f"The {kind} is {format.name(what.backbone)}"
    if what.architecture:
        text += f", a {format.name(what.architecture)}"
    if what.parameters is not None:
        text += f" with {format.large(what.parameters)} parameters"
    return text + "."


def _stages(what: What) -> list[str]:
    moved, frozen = what.transferred_stages, what.frozen_stages
    if moved is None:
        return []
    if not moved:
        return ["No layer starts from pretrained weights."]
    pretrained = f"Pretrained stages: {_names(moved)}."
    if frozen is None:
        return [pretrained]
    if not frozen:
        return [pretrained, f"No stage was frozen: all layers were fine-tuned.{_kept(what)}"]
    trained = [stage for stage in moved if stage not in frozen]
    if not trained:
        return [pretrained, "All of them were frozen. Only the replaced layers were trained."]
    return [pretrained, f"Frozen stages: {_names(frozen)}. Fine-tuned stages: {_names(trained)}."]


def _kept(what: What) -> str:
    """Return a sentence on weights that are the source's, if stages do not show it."""
    share = what.kept_weights
    if share is None or share < MIN_KEPT:
        return ""
    return f" {format.percent(share)} of the weights are still those of the source, bit for bit."


def _names(stages: Iterable[str]) -> str:
    return format.listing(map(format.name, stages), limit=12)


def _chain(what: What) -> tuple[Stage, ...]:
    """The parts of the network from image to prediction; empty without pretrained stages."""
    if not what.transferred_stages:
        return ()
    frozen = what.frozen_stages or ()
    kept = [Stage(each, "frozen" if each in frozen else "trained") for each in what.transferred_stages]
    return (*kept, *(Stage(format.value(each), "new") for each in what.replaced))

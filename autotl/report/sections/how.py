"""Build the section about the training of the final model."""

from __future__ import annotations

from autotl.api import DEPLOY, ROLES
from autotl.report import format
from autotl.report.document.model import How
from autotl.report.document.report import Report
from autotl.report.section import Section, Table
from autotl.report.section_figures.trials import how_figures
from autotl.report.sentences.final_model import final_model


def section(report: Report) -> Section:
    """Describe the strategy, its training phases, the final model and its input."""
    how = report.how
    epochs = how.epochs or 0
    sentences = [
        _strategy(how),
        _additional(report),
        *map(format.sentence, how.phases),
        *final_model(report),
        f"Training took {format.count(how.epochs, 'epoch')}." if epochs > 0 else "",
        *_input(how, report.inputs.unit),
        _machine(how),
    ]
    settings = tuple((format.name(key), format.value(value)) for key, value in how.params.items())
    return Section(
        name="how",
        title="How it was done",
        link="How",
        sentences=tuple(filter(None, sentences)),
        tables=(Table(("setting", "value"), settings, place="beside"),),
        figures=how_figures(report),
    )


def _strategy(how: How) -> str:
    if not how.strategy:
        return ""
    summary = f": {format.value(how.summary)}" if how.summary else ""
    reference = f" ({format.value(how.reference)})" if how.reference and how.reference != "none" else ""
    return f"The strategy is {format.name(how.strategy)}{summary}{reference}."


def _additional(report: Report) -> str:
    """Name the images besides the labelled ones that the final model learned from."""
    used = {each.role: each.used for each in report.contributions}
    if report.adaptation is not None:
        used[DEPLOY] = report.adaptation.used
    images = [
        format.count(used.get(role), words.replace("images", "image", 1), words)
        for role in report.what.additional
        if (words := ROLES.get(role, f"{role} images"))
    ]
    return f"It learned from {format.listing(images)} besides the labelled ones." if images else ""


def _input(how: How, unit: str) -> list[str]:
    sentences = []
    if how.image_size is not None:
        sentences.append(f"The input size is {format.value(how.image_size)} {unit}.")
    if isinstance(how.augmentation, bool):
        sentences.append(
            "Training images were augmented at random."
            if how.augmentation
            else "Training images were not augmented."
        )
    elif how.augmentation is not None:
        sentences.append(f"Augmentation of training images: {format.value(how.augmentation)}.")
    return sentences


def _machine(how: How) -> str:
    device = f" on {format.value(how.device)}" if how.device else ""
    precision = f" in {format.value(how.precision)}" if how.precision else ""
    return f"Training ran{device}{precision}." if device or precision else ""

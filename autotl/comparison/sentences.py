"""State the differences of runs in sentences."""

from __future__ import annotations

from autotl.comparison.content import Compared
from autotl.comparison.difference import Difference
from autotl.comparison.split_table import SharedImages
from autotl.evaluation.gain import Gain
from autotl.modalities import worded
from autotl.report import format


def sentences(content: Compared) -> list[str]:
    """Return the difference of each run to the first as sentences.

    Names are in backticks.
    """
    return [difference(each) for each in content.differences]


def difference(found: Difference) -> str:
    """Return the difference of one run to the first."""
    return worded(_difference(found), found.first.report.inputs.noun)


def _difference(found: Difference) -> str:
    run, first, gain = found.run.shown, found.first.shown, found.gain
    if gain is None:
        return f"{run} and {first} cannot be compared by image: {found.why}."
    images = format.count(gain.n, "test image")
    if not gain.value and gain.ci95 == (0.0, 0.0):
        return f"No measurable difference: {run} and {first} predict the same for all {images}."
    measure = found.measure
    ends = " to ".join(map(measure.gain, gain.ci95))
    proof = f"95% interval {ends}{_doubt(found, gain)}, paired on {images}"
    if found.answer == "no measurable difference":
        change = f"{run} {measure.gain(gain.value)}{measure.unit} against {first}"
        return f"No measurable difference in {measure.name}: {change} ({proof})."
    return f"{run} is {measure.amount(gain.value)} {found.answer} in {measure.name} than {first} ({proof})."


def _doubt(found: Difference, gain: Gain) -> str:
    """Return why an interval beyond 0 is no measurable difference; "" otherwise."""
    if found.answer != "no measurable difference" or gain.ci95[0] <= 0 <= gain.ci95[1]:
        return ""
    if found.comparisons > 1 and gain.direction:
        return f", but p = {found.corrected_p:.2g} is not below .05 after Holm's correction"
    return f", but the test of no difference has p = {gain.p:.2g}"


def counts(found: Difference) -> str:
    """Return how many images each run predicts better; "" if unknown."""
    better, worse = found.better_images, found.worse_images
    if found.pairs is None or better is None or worse is None:
        return ""
    run, first, noun = found.run.shown, found.first.shown, found.first.report.inputs.noun
    if found.pairs.target.spec.kind == "regression":
        return f"{run} is closer to the true numbers on {better:,} {noun}s, {first} on {worse:,}."
    return f"{run} alone is right on {better:,} {noun}s, {first} alone on {worse:,}."


def shared(images: SharedImages | None) -> str:
    """Name the images that the first run has too; "" if unknown."""
    if images is None:
        return ""
    if images.same:
        return "the same"
    if images.shared == images.ours == images.theirs:
        return f"the same, {images.relabelled:,} relabelled"
    return f"{images.shared:,} shared" if images.shared else "none shared"

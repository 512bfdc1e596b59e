"""Say what makes a test score or a stated confidence wrong."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.evaluation.findings import Findings

NOTABLE = 0.01
"""The share of test images that leak from which on the verdict's sentence says so."""
WORSE = 0.005
"""By how much the calibration error on the test images must rise for a warning: half a point."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What the test part shares with the images that a model learns from.

    Attributes:
        copies: Test images that look like copies of training images.
        compared: Test images that were compared.
        related: Test images that show the same thing as a training image, by names and hashes.
        groups: Groups named by the user that have images in both parts.
        tested: Images of the test part.
    """

    copies: int = 0
    compared: int = 0
    related: int = 0
    groups: int = 0
    tested: int = 0


NO_LEAKS = Leaks()


def headline_of_leaks(leaks: Leaks) -> str:
    """Return the end of a verdict's sentence, with the number of test images that leak; "" if few do."""
    images, of = _worst(leaks)
    if not of or images < NOTABLE * of:
        return ""
    copies = (images, of) == (leaks.copies, leaks.compared)
    what = "is a copy" if copies and images == 1 else "are copies" if copies else ""
    what = f"{what} of training images" if what else "show what training images show"
    return f" Do not trust the test scores: {images:,} of {of:,} test images {what}."


def warning_of_leaks(leaks: Leaks) -> str:
    """Return what is known of leaks in sentences; "" without any."""
    said = []
    if leaks.copies:
        looks = "looks like a copy of a training image" if leaks.copies == 1 else "look like training images"
        said.append(f"{leaks.copies:,} of {leaks.compared:,} test images {looks}")
    if leaks.related:
        said.append(
            f"{leaks.related:,} of {leaks.tested:,} test images show the same thing as a training image"
        )
    if leaks.groups:
        groups = "1 group has" if leaks.groups == 1 else f"{leaks.groups:,} groups have"
        said.append(f"{groups} images in the test part and in the training part")
    if not said:
        return ""
    advice = " --clean drop leaves these training images out." if leaks.copies else ""
    images, of = _worst(leaks)
    by = f" by up to {100 * images / of:.1f} points" if images and of and not leaks.groups else ""
    return f"{'; '.join(said)}: the test scores may be too high{by}.{advice}"


def calibration_warning(findings: Findings) -> str:
    """Return a warning if the temperature made the calibration worse on the test images; else ""."""
    before, after = findings.calibration_error_before, findings.test.calibration_error
    if not findings.temperature.kept or before is None or after - before < WORSE:
        return ""
    value = findings.temperature.value
    return (
        f"The stated confidence got worse on the test images: the temperature {value:.2f}, "
        f"found on validation images, raised the calibration error from {100 * before:.1f} to "
        f"{100 * after:.1f} points. Do not rely on the probabilities."
    )


def _worst(leaks: Leaks) -> tuple[int, int]:
    """The kind of leak with the larger share: its images, and of how many."""
    kinds = (leaks.copies, leaks.compared), (leaks.related, leaks.tested)
    return max(kinds, key=lambda each: each[0] / max(1, each[1]))

"""Warn of leaks into the test images and of worse calibration.

Leaks are between training and test images; calibration is measured on the test images.
"""

from __future__ import annotations

from dataclasses import dataclass

from autotl.evaluation.findings import Findings

MIN_NOTABLE_SHARE = 0.01
"""Smallest fraction of leaked test images that the verdict's sentence mentions."""
MIN_CALIBRATION_RISE = 0.005
"""Smallest rise of the calibration error on the test images that is a warning: half a point."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Test images that resemble training images.

    Attributes:
        copies: Test images that look like copies of training images.
        compared: Test images that were compared.
        related: Test images that show the same object as a training image, by names and hashes.
        groups: Groups named by the user that have images in both parts.
        tested: Test images.
    """

    copies: int = 0
    compared: int = 0
    related: int = 0
    groups: int = 0
    tested: int = 0


NO_LEAKS = Leaks()


def leak_headline(leaks: Leaks) -> str:
    """Return the verdict's sentence on leaked test images.

    It is "" if there are few.
    """
    images, total = _larger_share(leaks)
    if not total or images < MIN_NOTABLE_SHARE * total:
        return ""
    if (images, total) != (leaks.copies, leaks.compared):
        what = "show what training images show"
    else:
        what = "is a copy of training images" if images == 1 else "are copies of training images"
    return f" Do not trust the test scores: {images:,} of {total:,} test images {what}."


def leak_warning(leaks: Leaks, *, points: bool = True) -> str:
    """Return all known leaks as sentences; "" if there are none.

    ``points`` is whether the effect on the score can be said in points.
    """
    sentences = []
    if leaks.copies:
        what = "looks like a copy of a training image" if leaks.copies == 1 else "look like training images"
        part = " compared" if leaks.compared < leaks.tested else ""
        sentences.append(f"{leaks.copies:,} of {leaks.compared:,}{part} test images {what}")
    if leaks.related:
        sentences.append(
            f"{leaks.related:,} of {leaks.tested:,} test images show the same thing as a training image"
        )
    if leaks.groups:
        groups = "1 group has" if leaks.groups == 1 else f"{leaks.groups:,} groups have"
        sentences.append(f"{groups} images in the test part and in the training part")
    if not sentences:
        return ""
    advice = " --clean drop leaves these training images out." if leaks.copies else ""
    images, total = _larger_share(leaks)
    known = points and images and total and not leaks.groups
    by = f" by up to {100 * images / total:.1f} points" if known else ""
    high = "high" if points else "good"
    return f"{'; '.join(sentences)}: the test scores may be too {high}{by}.{advice}"


def calibration_warning(findings: Findings) -> str:
    """Return a warning if the temperature worsened calibration.

    Calibration is measured on the test images. The warning is "" otherwise.
    """
    before, after = findings.calibration_error_before, findings.test.calibration_error
    if not findings.temperature.kept or before is None or after is None:
        return ""
    if after - before < MIN_CALIBRATION_RISE:
        return ""
    value = findings.temperature.value
    return (
        f"The stated confidence got worse on the test images: the temperature {value:.2f}, "
        f"found on validation images, raised the calibration error from {100 * before:.1f} to "
        f"{100 * after:.1f} points. Do not rely on the probabilities."
    )


def _larger_share(leaks: Leaks) -> tuple[int, int]:
    """Return leaked and compared images of the more frequent leak."""
    kinds = (leaks.copies, leaks.compared), (leaks.related, leaks.tested)
    return max(kinds, key=lambda kind: kind[0] / max(1, kind[1]))

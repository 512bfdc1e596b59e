"""Draw how much each setting explains the scores of an arm."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report.figures import canvas
from autotl.report.format import percent

ROW, TOP, RIGHT = 24.0, 6.0, 54.0
"""Height of a row and margins, in pixels."""


def importance(shares: Sequence[tuple[str, float]], arm: str, *, width: float = canvas.WIDE) -> str:
    """Draw a bar for each setting, the most important first.

    Args:
        shares: Setting and its share of the variance, in [0, 1].
        arm: The arm in words.
        width: In pixels.

    Returns:
        SVG; empty without settings.
    """
    if not shares:
        return ""
    left = min(max(canvas.text_width(name) for name, _ in shares) + 12, width * 0.4)
    scale = canvas.Scale(0.0, max(0.01, *(share for _, share in shares)), left, width - RIGHT)
    parts = []
    for index, (name, share) in enumerate(shares):
        y = TOP + ROW * (index + 0.5)
        parts.append(
            canvas.group(
                f"{name}: {percent(share)}",
                canvas.text(0, y + 4, canvas.fit(name, left - 10)),
                canvas.rect(left, y - 7, max(scale(share) - left, 1.0), 14, css="s0", opacity=0.75, round_=2),
                canvas.text(width - 4, y + 4, percent(share), anchor="end"),
            )
        )
    return canvas.svg(
        "importance",
        width=width,
        height=TOP + ROW * len(shares) + 8,
        title=f"Importance of {len(shares)} settings of {arm}",
        description="; ".join(f"{name} {percent(share)}" for name, share in shares) + ".",
        parts=parts,
    )

"""Compare a file of results with published ones.

It finds renamed entrants, and rows of others that were changed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.bench.entry import AUTOTL, DEFAULT, SELECTORS
from autotl.leaderboard import Row, seal

TOLERANCE = 1e-3
"""The largest difference between the log-probabilities, or the scaled logits, of equal outputs."""
MIN_LOG_PROBABILITY = -20.0
"""The smallest log-probability that counts: below it, rounding decides."""
MIN_SCALE = 1e-12
"""The smallest scale that logits are divided by."""
_CHOOSERS = (AUTOTL, *SELECTORS)


def changed_rows(rows: Sequence[Row], published: Sequence[Row], updates: Iterable[str]) -> Iterator[str]:
    """Yield a fault for each changed row of a published entrant.

    Args:
        rows: The rows to check.
        published: The published rows.
        updates: Names of published entrants that have a new version in the rows to check.
    """
    known = {row.key: row for row in published}
    entrants = {row.entrant for row in published} - {*updates}
    for row in rows:
        if row.entrant not in entrants:
            continue
        case = f"{row.entrant} on {row.dataset}, seed {row.seed}"
        if row.key not in known:
            yield (
                f"{case}: {row.entrant} is published without this row. "
                f"Leave the row out, or declare a new version with --update {row.entrant}."
            )
        elif _content(row) != _content(known[row.key]):
            yield (
                f"{case}: the row differs from the published one. "
                f"Copy the published row, or declare a new version with --update {row.entrant}."
            )


def copied_outputs(rows: Sequence[Row], published: Sequence[Row], updates: Iterable[str]) -> Iterator[str]:
    """Yield a fault for each two entrants with equal outputs.

    A strategy may have the outputs of its defaults, or of a search that chose it.

    Args:
        rows: The rows to check.
        published: The published rows.
        updates: Names of published entrants that have a new version in the rows to check.
    """
    old = {row.entrant for row in published} - {*updates}
    by_block: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in (*rows, *(row for row in published if row.entrant in old)):
        by_block[row.split, row.seed].append(row)
    copies: Counter[tuple[str, str]] = Counter()
    for row in (row for row in rows if row.entrant not in old):
        others = {
            other.entrant
            for other in by_block[row.split, row.seed]
            if (other.entrant in old or other.entrant < row.entrant)
            and strategy_of(row) != strategy_of(other)
            and _same_outputs(row, other)
        }
        copies.update((row.entrant, other) for other in others)
    for (entrant, other), blocks in sorted(copies.items()):
        rows_text = "1 row" if blocks == 1 else f"{blocks} rows"
        yield f"{entrant} has the outputs of {other} in {rows_text}. Send only rows that it measured."


def strategy_of(row: Row) -> str:
    """Return the strategy of a row; of a search, its choice."""
    if row.entrant in _CHOOSERS:
        return str(row.params.get("strategy", row.entrant))
    return row.entrant.removesuffix(DEFAULT)


def _content(row: Row) -> str:
    """Return a digest without the likeness, which is the median over the rows of a file."""
    return seal(dataclasses.replace(row, likeness=None))


def _same_outputs(row: Row, other: Row) -> bool:
    """Return whether two rows have equal outputs, up to a shift and a temperature.

    Labels and numbers may each have another shift and scale.
    """
    if row.logits is None or other.logits is None or row.logits.shape != other.logits.shape:
        return False
    if row.target != other.target or not np.isfinite([row.logits, other.logits]).all():
        return False
    if row.target != "single_label":
        return bool(np.abs(_overall_scale(row.logits) - _overall_scale(other.logits)).max() <= TOLERANCE)
    forms = _log_probabilities, _common_scale, _scale_per_image
    used = forms if row.logits.shape[1] > 2 else forms[:2]  # all images of two classes look alike when scaled
    return any(np.abs(form(row.logits) - form(other.logits)).max() <= TOLERANCE for form in used)


def _log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    found = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    floored: NDArray[np.float64] = np.maximum(found, MIN_LOG_PROBABILITY)
    return floored


def _common_scale(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Remove the mean of each image, and the scale of all."""
    centred = _centred(logits)
    return centred / max(float(centred.std()), MIN_SCALE)


def _overall_scale(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Remove the mean and the scale of each label or number."""
    wide = outputs.astype(np.float64)
    scales = np.maximum(wide.std(axis=0), MIN_SCALE)
    found: NDArray[np.float64] = (wide - wide.mean(axis=0)) / scales
    return found


def _scale_per_image(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Remove mean and scale of each image."""
    centred = _centred(logits)
    found: NDArray[np.float64] = centred / np.maximum(centred.std(axis=1, keepdims=True), MIN_SCALE)
    return found


def _centred(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    found: NDArray[np.float64] = wide - wide.mean(axis=1, keepdims=True)
    return found

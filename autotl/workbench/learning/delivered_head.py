"""Compare a learner's head with the delivered head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autotl.api import Rows
from autotl.backbone import temporary_mode
from autotl.errors import TrainingError
from autotl.heads import Head
from autotl.training import forward_in_batches

COMPARED_ROWS = 64
"""Training rows on which both heads are compared."""
ALONE = 3
"""Rows that are also passed alone."""
TOLERANCE = 1e-3
"""Largest difference of outputs, relative to their largest value: rounding."""


def delivered_outputs(delivered: Head, given: nn.Module, rows: Rows[Tensor], *, device: str) -> Tensor:
    """Return the outputs of the delivered head for the validation rows.

    Args:
        delivered: The head that was built from its form, with the given head's tensors.
        given: The learner's head.
        rows: The features.
        device: Runs the delivered head.

    Raises:
        TrainingError: The two heads compute different outputs, outputs are not finite, or a row's outputs
            depend on other rows.
    """
    some = rows.train[:COMPARED_ROWS]
    own = next((value.device for value in (*given.parameters(), *given.buffers())), torch.device(device))
    with temporary_mode(given, training=False), torch.no_grad():
        expected = given(some.to(own)).float().cpu()
    found = _run(delivered, some, device)
    alone = torch.cat([_run(delivered, row[None], device) for row in some[:ALONE]])
    apart = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    if not bool(found.isfinite().all()):
        raise TrainingError(
            "The outputs of a head must be finite (got NaN or infinity on training images). "
            "Lower the learning rate, or score an earlier epoch."
        )
    allowed = TOLERANCE * max(1.0, float(found.abs().max()))
    if not float((alone - found[:ALONE]).abs().max()) <= allowed:  # also if a number is NaN
        raise TrainingError(
            "A row's outputs must depend on that row alone (got other outputs for a row without the others). "
            "Keep all that other rows tell the head in its tensors."
        )
    if not apart <= allowed:
        raise TrainingError(
            f"A head must compute what its kind computes from the same tensors (got outputs that differ by "
            f"{apart:.3g}). Make it with bench.new_head, and keep all that it learns in its tensors."
        )
    return _run(delivered, rows.val, device) if len(rows.val) else found[:0]


def _run(head: Head, features: Tensor, device: str) -> Tensor:
    return forward_in_batches(
        head.outputs_of, features, to_batch=lambda x: x.to(torch.float32), device=device, batch=512
    )

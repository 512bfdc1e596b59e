"""Fit a linear head to aligned features, and fold the alignment into it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from autotl.api import Beat, HeadSetting, Score, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import fit_heads
from autotl_adapt.features.domains import Domains, read_domains

READ = 0.2
"""Share of the work that is done when the features are read, roughly."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Training features that resemble those of the deploy images.

    The classifier learns from ``source``. It sees a deploy image's features as ``(z - offset) @ matrix``.

    Attributes:
        source: Aligned features of the training images, float64 (n, k).
        offset: Subtracted from standardised features of deploy images, float64 (d,).
        matrix: Multiplies the difference, float64 (d, k); None if k = d and nothing is changed.
        weights: How much each training image counts, (n,); None if all count the same.
        note: A sentence for the report.
    """

    source: Tensor
    offset: Tensor
    matrix: Tensor | None = None
    weights: Tensor | None = None
    note: str = ""


Align = Callable[[Domains], Aligned]


@dataclass(frozen=True, slots=True)
class AlignedProbe:
    """A learner that aligns two domains, and fits one linear head.

    Attributes:
        bench: The workbench.
        input_size: Image size in pixels.
        c: The inverse regularisation of the head, as that of the linear probe.
        align: Aligns the domains.
    """

    bench: Workbench
    input_size: int
    c: float
    align: Align

    def fit(self) -> Generator[Beat | Score, None, None]:
        """See :class:`autotl.api.Learner`."""
        bench = self.bench
        domains = read_domains(bench, input_size=self.input_size)
        yield bench.beat(READ)
        aligned = self.align(domains)
        domains.check_cancelled()
        head = folded_head(domains, aligned, c=self.c, device=bench.device)
        if aligned.note:
            bench.note(aligned.note)
        yield bench.score_head(*head, input_size=self.input_size)


def folded_head(
    domains: Domains, aligned: Aligned, *, c: float, device: str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Fit a classifier to aligned features, and return it as a head of raw features.

    The fit is that of the linear probe on standardised features. Only the alignment differs.

    Args:
        domains: The standardised features.
        aligned: The aligned features.
        c: The inverse regularisation.
        device: The device of the fit.

    Returns:
        Weight (classes, d) and bias (classes,), float32, on the CPU.

    Raises:
        TrainingError: The aligned features are not finite.
    """
    if not bool(torch.isfinite(aligned.source).all()):
        raise TrainingError(
            "The aligned features must be finite (got others). Choose other settings, or leave it out."
        )
    found = fit_heads(
        aligned.source.float().to(device),
        domains.labels.to(device),
        classes=domains.classes,
        # standardised once already: another time would undo the alignment of the spread
        settings=[HeadSetting(c, standardise=False)],
        folds=[torch.arange(len(domains.labels), device=device)],
        weights=_weights(domains.weights, aligned.weights, device),
        check_cancelled=domains.check_cancelled,
    )
    weight, bias = found.weight[0, 0].double().cpu(), found.bias[0, 0].double().cpu()
    inner = weight if aligned.matrix is None else weight @ aligned.matrix.T  # (classes, d)
    folded = inner * domains.scale
    return folded.float(), (bias - inner @ aligned.offset - folded @ domains.mean).float()


def _weights(own: Tensor | None, aligned: Tensor | None, device: str) -> Tensor | None:
    """Return the product of the images' weights and those of the alignment."""
    given = [each.float().to(device) for each in (own, aligned) if each is not None]
    if not given:
        return None
    return given[0] if len(given) == 1 else given[0] * given[1]

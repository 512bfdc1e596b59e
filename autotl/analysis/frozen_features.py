"""Compute the frozen features that scores and issues share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import LabelledFeatures, LinearProblem
from autotl.backbone import classifier_of
from autotl.clock import NEVER, Deadline
from autotl.data import stratified_parts
from autotl.errors import WeightsError
from autotl.metrics import softmax
from autotl.training import PROBE, PROBE_SETTINGS, out_of_fold_logits
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.image_cache import never_cancelled
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import prefill_late_stages


def frozen_features(
    run_cache: RunCache,
    backbone: str,
    *,
    seed: int,
    reuse: bool = True,
    fits: Deadline = NEVER,
) -> LabelledFeatures:
    """Return the features and probe outputs of the training rows.

    They are in the order of ``run_cache``. Labels are the strata, which are the classes of single labels.

    Args:
        run_cache: The images and backbones.
        backbone: The name of the backbone, used at its recommended image size.
        seed: The seed of the parts of the probe's cross-validation.
        reuse: Whether to cache the activations of late stages as well.
        fits: The deadline at which the classifiers stop at their current iterate.
    """
    prefill_late_stages(run_cache, ActivationCache(run_cache, enabled=reuse), backbone)
    input_size = run_cache.backbones[backbone].input_size
    features = run_cache.features(backbone, input_size=input_size).double().numpy()
    probe = _cross_probe(run_cache, backbone, input_size=input_size, seed=seed, end=fits)
    probe = probe.astype(np.float64)
    strata = run_cache.target.strata(run_cache.targets.numpy())
    own = _source_probabilities(run_cache, backbone, features)
    return LabelledFeatures(features, strata, own, probe, _plain_targets(run_cache))


def probe_outputs(run_cache: RunCache, backbone: str, *, seed: int) -> NDArray[Any]:
    """Return cross-validated outputs of the probe, (rows, k).

    Outputs that :func:`frozen_features` has computed are read from the cache.

    Args:
        run_cache: The images and backbones; its order is that of the rows.
        backbone: The name of the backbone.
        seed: The seed of the parts of the cross-validation.
    """
    input_size = run_cache.backbones[backbone].input_size
    return _cross_probe(run_cache, backbone, input_size=input_size, seed=seed, end=NEVER)


def _plain_targets(run_cache: RunCache) -> NDArray[np.float64] | None:
    """Return labels as 0 and 1, or standardised numbers, (n, k); None for classes."""
    spec, targets = run_cache.dataset.target, run_cache.targets.double().numpy()
    if spec.kind == "single_label":
        return None
    found: NDArray[np.float64] = (targets - spec.means) / spec.scales if spec.means else targets
    return found


def _cross_probe(
    run_cache: RunCache, backbone: str, *, input_size: int, seed: int, end: Deadline
) -> NDArray[Any]:
    """Return cross-validated outputs (rows, k) of a linear head."""
    rows, outputs = len(run_cache.order), run_cache.dataset.target.outputs
    key = {
        "crossed": run_cache.features_key(backbone, input_size),
        "split": run_cache.splits.hash,
        "labels": run_cache.dataset.digest,
        "setting": [PROBE.c, PROBE.standardise, PROBE.balanced],
        "row weights": run_cache.weights_digest,
        "seed": seed,
    }

    def fill(out: NDArray[np.float32]) -> None:
        if len(run_cache.splits.first) == 1:
            out[:] = _of_parts(run_cache, backbone, input_size=input_size, seed=seed, end=end)
        else:
            _of_folds(run_cache, backbone, out, input_size=input_size, end=end)

    return run_cache.store.array(key, (rows, outputs), np.float32, fill)


def _of_parts(
    run_cache: RunCache, backbone: str, *, input_size: int, seed: int, end: Deadline
) -> NDArray[Any]:
    """Return cross-validated outputs over parts of a single fold."""
    parts = stratified_parts(run_cache.dataset, np.sort(run_cache.order), seed=seed)
    features = run_cache.features(backbone, input_size=input_size)
    own = [run_cache.positions(part) for part in parts]
    if run_cache.dataset.target.kind != "single_label":
        return _by_linear_heads(run_cache, features, own, end)
    found = out_of_fold_logits(
        features.to(run_cache.device),
        run_cache.targets.to(run_cache.device),
        classes=run_cache.dataset.target.outputs,
        parts=[part.to(run_cache.device) for part in own],
        end=end,
    )
    logits: NDArray[Any] = found.cpu().numpy()
    return logits


def _by_linear_heads(
    run_cache: RunCache, features: Tensor, parts: Sequence[Tensor], end: Deadline
) -> NDArray[Any]:
    """Return cross-validated outputs of the target's own linear head."""
    every = torch.arange(len(features))
    rests = [every[~torch.isin(every, part)] for part in parts]
    problem = LinearProblem(features, run_cache.targets, rests).to(run_cache.device)
    heads = run_cache.target.fit_linear(problem, [PROBE], check_cancelled=never_cancelled, end=end)
    out = torch.zeros(len(features), run_cache.dataset.target.outputs)
    for part, weight, bias in zip(parts, heads.weight[:, 0].cpu(), heads.bias[:, 0].cpu(), strict=True):
        out[part] = features[part] @ weight.T + bias
    found: NDArray[Any] = out.numpy()
    return found


def _of_folds(
    run_cache: RunCache, backbone: str, out: NDArray[np.float32], *, input_size: int, end: Deadline
) -> None:
    """Fill in cross-validated outputs over the folds of the search."""
    features = run_cache.features(backbone, input_size=input_size)
    out.fill(0)  # rows in no fold, such as a class of one group, get equal logits: no classifier scores them
    heads = run_cache.linear_heads(backbone, PROBE_SETTINGS, input_size=input_size, end=end)[
        :-1, PROBE_SETTINGS.index(PROBE)
    ]
    for fold, head in zip(run_cache.splits.first, heads, strict=True):
        own = run_cache.positions(fold.val)
        out[own.numpy()] = (features[own] @ head[:, :-1].T + head[:, -1]).numpy()


def _source_probabilities(
    run_cache: RunCache, backbone: str, features: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the source head's probabilities (n, source classes); None without a linear source head."""
    try:
        weight, bias = classifier_of(run_cache.networks.source(backbone))
    except WeightsError:
        return None
    if not run_cache.backbones[backbone].weights.pretrained:
        return None
    logits = features @ weight.cpu().double().numpy().T + bias.cpu().double().numpy()
    return softmax(logits, axis=1)

"""Export the final model as the run's model folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autotl.api import PredictionIntervals
from autotl.finalize.final_model import FinalModel
from autotl.progress.timeline import spent_on
from autotl.results import EnsembleMember, LoadedModel, keep_tta, write_ensemble, write_model
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache


@spent_on("write")
def export_model(folder: Path, run_cache: RunCache, model: FinalModel) -> None:
    """Write the final model to ``folder``.

    Args:
        folder: The model folder.
        run_cache: The networks of the run.
        model: The final model.
    """
    if not model.members:
        export_trial(folder, run_cache, model.trial, model.weights, intervals=model.intervals)
        if model.mirrors:
            keep_tta(folder)
        return
    parts = (
        EnsembleMember(
            load_network(run_cache, backbone, each.weights, input_size=each.trial.input_size).model,
            run_cache.backbones[backbone],
            each.trial.input_size,
            each.share,
            each.trial.number,
        )
        for each in model.members
        if (backbone := each.trial.arm.backbone)
    )
    dataset = run_cache.dataset
    write_ensemble(
        folder,
        parts,
        dataset.target,
        temperature=model.temperature.value,
        scale=dataset.scale,
        kinds=run_cache.networks.head_kinds,
        intervals=model.intervals,
    )


@spent_on("write")
def export_trial(
    folder: Path,
    run_cache: RunCache,
    trial: Trial,
    weights: str,
    *,
    intervals: PredictionIntervals | None = None,
) -> None:
    """Write the network of a trial to ``folder``.

    Args:
        folder: The model folder.
        run_cache: The networks of the run.
        trial: The trial.
        weights: The weights file of the network.
        intervals: The prediction intervals of numbers; None for other targets.
    """
    size = trial.input_size
    opened = load_network(run_cache, trial.arm.backbone, weights, input_size=size)
    backbone = run_cache.backbones[trial.arm.backbone]
    write_model(
        folder,
        opened.model,
        backbone,
        opened.target,
        input_size=size,
        scale=opened.scale,
        kinds=run_cache.networks.head_kinds,
        intervals=intervals,
    )


def load_network(run_cache: RunCache, backbone: str, weights: str, *, input_size: int) -> LoadedModel:
    """Load a saved network, with its head.

    Args:
        run_cache: The networks of the run.
        backbone: The name of the backbone.
        weights: The weights file.
        input_size: The image size of the network, in pixels.
    """
    model = run_cache.networks.saved(backbone, weights)
    config = replace(run_cache.backbones[backbone].config, input_size=input_size)
    dataset = run_cache.dataset
    return LoadedModel(model, config, dataset.target, dataset.scale)

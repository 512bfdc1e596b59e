"""Plan the trials, their time and the networks of baselines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autotl.analysis.profile import Similarities
from autotl.analysis.similarity import deciding
from autotl.api import Task
from autotl.budget.trial_time import make_task, with_trial_time
from autotl.pipeline.stages.clean import CleanedImages
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.rank import RankedBackbones
from autotl.pipeline.stages.similarity import SourceSimilarity
from autotl.preparation.additional.roles import searched
from autotl.preparation.baseline_networks import BaselineNetworks
from autotl.preparation.extra_images import ExtraImages, open_networks
from autotl.preparation.open_backbones import median_size
from autotl.preparation.record import BaselineNetworkRecord, PlanRecord, backbone_record
from autotl.progress.timeline import spent_on
from autotl.training import this_machine
from autotl.workbench.additional.images import additional_facts
from autotl.workbench.run_cache import RunCache


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The plan of a search.

    Attributes:
        task: The task, with the time per trial.
        run_cache: The images, features and all networks.
        baseline_networks: The networks that baselines bring.
        extra_images: The extra images that some of them learn from; None if there are none.
        record: The decisions.
    """

    task: Task
    run_cache: RunCache
    baseline_networks: BaselineNetworks
    extra_images: ExtraImages | None
    record: PlanRecord

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentence on extra images, if there are any."""
        return () if self.extra_images is None else (self.extra_images.note,)


@spent_on("plan")
def plan_search(
    context: Context,
    similarity: SourceSimilarity,
    ranked: RankedBackbones,
    cleaned: CleanedImages,
    recorded: PlanRecord | None,
) -> SearchPlan:
    """Divide the time between trials, and open the networks of baselines.

    Args:
        context: The options, plugins and services.
        similarity: The similarities to the sources.
        ranked: The backbones and the images that were left out for lack of time.
        cleaned: The images of the search.
        recorded: The decisions of an earlier start of the run.

    Raises:
        RunError: The search would learn from other images than the earlier start.
    """
    task = _task(context, similarity, cleaned)
    if recorded is not None:
        task = recorded.restored(task)
    networks, extra = open_networks(
        context.settings,
        context.plugins.strategies,
        task,
        cleaned.run_cache,
        ranked.left_out,
        recorded=recorded,
        end=context.end,
    )
    extra_splits = None if extra is None else extra.run_cache.splits
    if recorded is not None:
        recorded.check(cleaned.splits, extra_splits)
    run_cache = cleaned.run_cache.with_backbones({**cleaned.backbones, **networks.by_name})
    record = PlanRecord(
        trial_seconds=task.trial_seconds,
        trial_folds=task.folds,
        likeness=task.likeness,
        split=cleaned.splits.hash,
        baseline_networks={
            name: BaselineNetworkRecord(facts.weights, backbone_record(facts.name, facts))
            for name, facts in networks.networks.items()
        },
        extra_images=None if extra is None else extra.requested,
        extra_split=None if extra_splits is None else extra_splits.hash,
    )
    plan = SearchPlan(task, run_cache, networks, extra, record)
    context.services.say(*plan.notes)
    return plan


def _deciding(context: Context, measured: Similarities) -> Similarities:
    """Return the similarities that strategies may decide by."""
    chosen: Similarities = {}
    for backbone, found in measured.items():
        known = any(each.reference != "batchnorm" for each in found.values())
        names = deciding(context.plugins.similarities, features_known=known)
        chosen[backbone] = {name: each for name, each in found.items() if name in names}
    return chosen


def _task(context: Context, similarity: SourceSimilarity, cleaned: CleanedImages) -> Task:
    """Return the task with the time per trial."""
    settings, splits, backbones = context.settings, cleaned.splits, cleaned.backbones
    typical_size = median_size(cleaned.dataset, splits)
    task = make_task(
        settings.metric.name,
        cleaned.dataset,
        splits,
        _deciding(context, similarity.similarities),
        typical_size=typical_size,
        backbones=backbones,
    )
    task = replace(task, additional=additional_facts(cleaned.run_cache))
    tested = len(cleaned.locked)
    return with_trial_time(
        task,
        searched(context.plugins.strategies),
        backbones,
        this_machine(settings.device),
        left=context.left(),
        tests=sum(facts.pace.seconds(tested, input_size=facts.input_size) for facts in backbones.values()),
        validated=len(splits.first[0].val),
        folds=len(splits.first),
    )

"""Prepare a search in stages, from images to planned trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autotl.analysis.backbone_ranking import Ranking
from autotl.analysis.data_issues import DataIssues
from autotl.analysis.more_images import LearningCurve
from autotl.analysis.rule_of_thumb import Advice, nearest, rule_of_thumb
from autotl.analysis.source.given import MAX_IMAGES
from autotl.analysis.source.overlap import ClassOverlap, SourceCopies, class_overlap, source_copies
from autotl.api import Backbone, Dataset, Likeness, Splits, Task
from autotl.config.run_settings import RunSettings
from autotl.data import LockedTest, Quality
from autotl.metrics import Metric
from autotl.modalities import errors_about
from autotl.pipeline.services import Plugins, Services
from autotl.pipeline.stages.additional import AddedImages, Listings, add_images, list_given
from autotl.pipeline.stages.backbones import NamedBackbones, OpenedBackbones, find_named, open_backbones
from autotl.pipeline.stages.clean import CleanedImages, clean, learning_curve
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.load import LoadedImages, load
from autotl.pipeline.stages.plan import SearchPlan, plan_search
from autotl.pipeline.stages.rank import RankedBackbones, rank
from autotl.pipeline.stages.sample import subsample
from autotl.pipeline.stages.similarity import SourceSimilarity, compare_with_sources
from autotl.pipeline.stages.split import SplitImages, split_images
from autotl.preparation.additional.place_of_use import PlaceOfUse
from autotl.preparation.baseline_networks import BaselineNetworks
from autotl.preparation.extra_images import ExtraImages, tasks_by_network
from autotl.preparation.group_record import GroupSummary
from autotl.preparation.record import NEW_RUN, PreparationRecord
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.run_cache import RunCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The product of a preparation, and the input of a search.

    Attributes:
        dataset: The images.
        metric: The metric of the search, which scores the outputs of this target.
        splits: The split of the search.
        locked: The test part.
        quality: The data issues that need no network.
        issues: The data issues that frozen features show.
        groups: The groups of images; None if none were searched for.
        backbones: The backbones to search, by name.
        task: The task, with the time per trial.
        run_cache: The images, features and networks.
        likeness: The similarities by backbone and measure.
        overlap: The classes that each backbone's source knows.
        copies: Near copies of source images; None without source images.
        ranking: The ranking of the backbones.
        learning_curve: The probe's learning curve; None if it was not measured.
        advice: The advice of the rule of thumb.
        notes: Sentences for the report.
        record: The decisions, for a resumed run.
        baseline_networks: The networks that baselines bring.
        extra_images: The extra images that some of them learn from; None if there are none.
        additional: The images besides the labelled ones, by their role.
        place: Images of the place of use, with their labels; None if there are none.
    """

    dataset: Dataset
    metric: Metric
    splits: Splits
    locked: LockedTest
    quality: Quality
    issues: DataIssues
    groups: GroupSummary | None
    backbones: Mapping[str, Backbone]
    task: Task
    run_cache: RunCache
    likeness: Mapping[str, Mapping[str, Likeness]]
    overlap: Mapping[str, ClassOverlap | None]
    copies: SourceCopies | None
    ranking: Ranking
    learning_curve: LearningCurve | None
    advice: Advice
    notes: tuple[str, ...]
    record: PreparationRecord
    baseline_networks: BaselineNetworks = field(default_factory=BaselineNetworks)
    extra_images: ExtraImages | None = None
    additional: Mapping[str, AdditionalSet] = field(default_factory=dict)
    place: PlaceOfUse | None = None

    @property
    def networks(self) -> dict[str, Backbone]:
        """The backbones and the networks that baselines bring, by name."""
        return {**self.backbones, **self.baseline_networks.by_name}

    @property
    def tasks(self) -> dict[str, Task]:
        """The task of each network: some may learn from extra images."""
        return tasks_by_network(self.networks, self.task, self.extra_images)


def prepare(
    settings: RunSettings, plugins: Plugins, services: Services, record: PreparationRecord = NEW_RUN
) -> Prepared:
    """Prepare a search in stages.

    Args:
        settings: The options of the run.
        plugins: The plugins of the run.
        services: The store, the clock and the watch.
        record: The decisions of an earlier start of the run, which stay.

    Raises:
        RunError: The data of a resumed run has changed.
    """
    settings = record.reopen(settings)
    named = find_named(settings, plugins.sources)
    context = Context.start(settings, plugins, services)
    loaded = load(context, record.reading)
    context = context.about(loaded.dataset)
    listings = list_given(context, loaded.dataset)
    with errors_about(context.services.noun):
        return _search_of(context, named, loaded, listings, record, settings)


def _search_of(
    context: Context,
    named: NamedBackbones,
    loaded: LoadedImages,
    listings: Listings,
    record: PreparationRecord,
    settings: RunSettings,
) -> Prepared:
    """Prepare the search of loaded inputs.

    Args:
        context: The options, plugins and services.
        named: The backbones that the user named.
        loaded: The inputs.
        listings: The listed additional images.
        record: The decisions of an earlier start of the run.
        settings: The options of the run as its record keeps them.
    """
    images = split_images(context, loaded, record.splitting)
    context = replace(context, settings=context.settings.for_target(images.dataset.target))
    opened = open_backbones(context, named, images, record.opening)
    sampled = subsample(context, images, opened, record.sample)
    similarity = compare_with_sources(context, sampled)
    ranked = rank(context, images, opened, sampled, record.ranking)
    cleaned = clean(context, ranked, record.opening)
    curve = learning_curve(context, ranked, cleaned)
    known = None if record == NEW_RUN else record.additional
    added = add_images(context, listings, cleaned, ranked.ranking.order[0], known)
    plan = plan_search(context, similarity, ranked, added.cleaned, record.plan)
    metric = context.settings.metric
    products = _Products(metric, loaded, images, opened, similarity, ranked, added, curve, plan)
    return products.prepared(replace(products.record(record, settings), cache=context.services.store.bound))


@dataclass(frozen=True, slots=True)
class _Products:
    """The metric of the search, and the products of all stages."""

    metric: Metric
    loaded: LoadedImages
    images: SplitImages
    opened: OpenedBackbones
    similarity: SourceSimilarity
    ranked: RankedBackbones
    added: AddedImages
    curve: LearningCurve | None
    plan: SearchPlan

    @property
    def cleaned(self) -> CleanedImages:
        """The images of the search."""
        return self.added.cleaned

    def record(self, earlier: PreparationRecord, settings: RunSettings) -> PreparationRecord:
        """Return the decisions; those of an earlier start of the run stay."""
        if earlier != NEW_RUN:
            return earlier
        return PreparationRecord(
            seconds=settings.budget.seconds,
            reading=self.loaded.record,
            splitting=self.ranked.splitting,
            opening=self.opened.record(self.ranked.sample.backbones, self.cleaned.backbones),
            sample=self.ranked.sample.record,
            ranking=self.ranked.record,
            plan=self.plan.record,
            additional=self.added.record,
        )

    def prepared(self, record: PreparationRecord) -> Prepared:
        """Return the product of the preparation."""
        cleaned, ranked, plan = self.cleaned, self.ranked, self.plan
        dataset, backbones, source = cleaned.dataset, ranked.sample.backbones, self.similarity.source
        train = cleaned.splits.train
        return Prepared(
            dataset=dataset,
            metric=self.metric,
            splits=cleaned.splits,
            locked=cleaned.locked,
            quality=self.images.quality,
            issues=cleaned.issues,
            groups=ranked.groups,
            backbones=cleaned.backbones,
            task=plan.task,
            run_cache=plan.run_cache,
            likeness=self.similarity.similarities,
            overlap={name: class_overlap(dataset.target, facts) for name, facts in backbones.items()},
            copies=None if source is None else source_copies(dataset, train, source[:MAX_IMAGES]),
            ranking=ranked.ranking,
            learning_curve=self.curve,
            advice=rule_of_thumb(plan.task, nearest(plan.task.likeness)),
            notes=self.notes,
            record=record,
            baseline_networks=plan.baseline_networks,
            extra_images=plan.extra_images,
            additional=plan.run_cache.additional,
            place=self.added.place,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences of all stages for the report."""
        return (
            *self.loaded.notes,
            *self.opened.notes,
            *self.similarity.notes,
            *self.ranked.notes,
            *self.cleaned.issues.notes,
            *self.added.notes,
            *self.plan.notes,
        )

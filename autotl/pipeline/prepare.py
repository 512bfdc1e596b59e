"""Make everything a search needs from what the user gave: data, split, backbones, task and profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autotl.analysis.backbone_ranking import Ranking
from autotl.analysis.data_issues import DataIssues
from autotl.analysis.first_pass import FirstPass, first_pass
from autotl.analysis.more_images import Outlook
from autotl.analysis.profile import SOURCE_IMAGES, find_faults, likenesses, look_ahead, said, unchecked
from autotl.analysis.rule_of_thumb import Advice, nearest, rule_of_thumb
from autotl.analysis.source_overlap import ClassOverlap, SourceCopies, class_overlap, source_copies
from autotl.api import (
    AnySimilarity,
    Backbone,
    BackboneSource,
    Dataset,
    Likeness,
    OwnNetworks,
    Reader,
    Splits,
    Strategy,
    Task,
    Transferability,
    Watch,
)
from autotl.backbone import find
from autotl.budget.subsampling import is_late, reading_note, seconds_left, seconds_to_read, subsample
from autotl.budget.trial_time import make_task, with_trial_time
from autotl.cache import Store
from autotl.clock import Clock, Deadline, waited
from autotl.config.run_config import RunConfig
from autotl.data import LockedTest, Quality, labels_of_parts, pictures, quality, read, split, summary, without
from autotl.metrics import check_defined, check_metric
from autotl.preparation.baseline_networks import Own
from autotl.preparation.extra_images import ExtraImages, left_out, open_networks, tasks_by_network
from autotl.preparation.group_record import FoundGroups, found_groups
from autotl.preparation.image_groups import first_groups
from autotl.preparation.model_limits import filter_by_limits
from autotl.preparation.open_backbones import open_backbones, side_of
from autotl.preparation.record import LEAST_ROWS, BaselineNetworkRecord, PreparationRecord, backbone_record
from autotl.training import machine
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import with_late_maps

AUTO = ("auto",)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known and at hand before the first trial.

    ``backbones`` are those worth the budget; ``own`` are the networks that baselines bring themselves, of
    which some may learn from ``wider`` materials.
    """

    dataset: Dataset
    splits: Splits
    locked: LockedTest
    quality: Quality
    examined: DataIssues
    groups: FoundGroups | None
    backbones: Mapping[str, Backbone]
    task: Task
    materials: RunCache
    likeness: Mapping[str, Mapping[str, Likeness]]
    overlap: Mapping[str, ClassOverlap | None]
    copies: SourceCopies | None
    ranking: Ranking
    outlook: Outlook | None
    advice: Advice
    notes: tuple[str, ...]
    decided: PreparationRecord
    own: Own = field(default_factory=Own)
    wider: ExtraImages | None = None

    @property
    def networks(self) -> dict[str, Backbone]:
        """The backbones and the baselines' own networks, by name."""
        return {**self.backbones, **self.own.by_name}

    @property
    def tasks(self) -> dict[str, Task]:
        """The task of each of them, by name: some may learn from more images."""
        return tasks_by_network(self.networks, self.task, self.wider)


def prepare(
    setup: RunConfig,
    *,
    readers: Mapping[str, Reader],
    sources: Mapping[str, BackboneSource],
    similarities: Mapping[str, AnySimilarity],
    transferabilities: Mapping[str, Transferability],
    strategies: Mapping[str, Strategy],
    store: Store,
    clock: Clock,
    watch: Watch,
    decided: PreparationRecord | None = None,
) -> Prepared:
    """Read, split, lock the test part, open the backbones and measure how like their sources the data is.

    The budget is shared by those of the ``strategies`` that apply. What was ``decided`` in a run that is
    resumed stays so. Raises RunError where its data has changed.
    """
    if decided is not None:
        opened = tuple(each.opened_as for each in decided.backbones.values())
        setup = replace(setup, backbones=opened, budget=replace(setup.budget, seconds=decided.seconds))
    names = [] if setup.backbones == AUTO else list(dict.fromkeys(setup.backbones))
    named = [find(name, sources) for name in names]
    began = clock.now() - waited()
    seconds = setup.budget.seconds
    end = Deadline(clock) if seconds is None or setup.thorough else Deadline(clock, began + seconds)

    def left() -> float | None:
        return seconds_left(seconds, clock.now() - began)

    dataset = read(
        setup.data,
        readers=readers,
        columns=setup.columns,
        seconds=None if decided else seconds_to_read(left()),
        clock=clock,
        most=None if decided is None else decided.read,
        seed=setup.seed,
    )
    check_metric(setup.metric, len(dataset.classes))
    notes = [each for each in (*dataset.notes, reading_note(dataset)) if each]
    for note in notes:
        watch.say(note)
    if dataset.unreadable:
        watch.say(f"{len(dataset.unreadable)} images cannot be read and are left out; the report lists them.")
    dataset, grouping, known = first_groups(setup, dataset, decided, end=end)
    splits = split(dataset, seed=setup.seed, test=setup.test)
    for line in summary(dataset, splits):
        watch.say(line)
    first = splits.hash
    if decided is not None:
        decided.check_data(dataset, splits)
    backbones, more = open_backbones(setup, named, sources, dataset, splits, end)
    opened_as = dict(zip(backbones, names or backbones, strict=True))
    beyond: Mapping[str, str] = {}
    if decided is None:
        fits = filter_by_limits(
            setup.limits, backbones, classes=len(dataset.classes), device=setup.device, clock=clock
        )
        backbones, beyond, more = fits.backbones, fits.aside, [*more, *fits.notes]
    else:
        backbones, more = {name: decided.keep(facts) for name, facts in backbones.items()}, [*decided.notes]
    chosen = tuple(more)
    for note in more:
        watch.say(note)
    notes += more
    found = quality(dataset, splits)
    check_defined(setup.metric, labels_of_parts(dataset, splits), len(dataset.classes))
    # the networks that baselines bring are small: a pass of them costs next to nothing
    transferring = sum(not isinstance(each, OwnNetworks) for each in strategies.values()) or len(strategies)
    rest = left() if decided is None else decided.left
    whole, least = splits, LEAST_ROWS if decided is None else decided.least
    splits, more = subsample(
        dataset, whole, backbones, left=rest, strategies=transferring, seed=setup.seed, least=least
    )
    for note in more:
        watch.say(note)
    thinned = tuple(more)
    materials = RunCache(dataset, splits, backbones, store, device=setup.device, processes=setup.processes)
    shown = None if setup.source is None else pictures(setup.source, readers=readers, scale=dataset.scale)
    likeness, more = likenesses(setup, materials, similarities, shown, late=is_late(setup, left()), end=end)
    notes += more
    seen = first_pass(
        setup,
        FirstPass(splits, backbones, materials, Ranking(), rest, least, thinned, grouping, known),
        dataset,
        whole,
        store,
        transferabilities,
        watch,
        strategies=transferring,
        end=Deadline(clock) if decided else end,
    )
    splits, backbones, materials = seen.splits, {**seen.backbones}, seen.materials
    unseen = left_out(dataset, whole, splits, setup)
    dataset, groups = materials.dataset, found_groups(materials.dataset, whole, seen.grouping)
    told = [*seen.grouping.notes, *(groups.notes if groups else ())]
    for note in told:
        watch.say(note)
    notes += [*seen.notes, *told]
    ranking = replace(seen.ranking, aside={**seen.ranking.aside, **beyond})
    if decided is not None:
        kept_on = tuple(name for name in decided.order if name not in decided.aside)
        ranking = replace(ranking, order=decided.order, kept=kept_on, aside=decided.aside)
    if len(backbones) > 1:
        watch.say(ranking.sentence)
    kept = {name: facts for name, facts in backbones.items() if name not in ranking.aside}
    locked = LockedTest(splits.test)
    examined = find_faults(setup, materials, ranking, locked, end=end)
    notes += unchecked(examined)
    splits = without(dataset, splits, examined.drop)
    materials = RunCache(
        dataset,
        splits,
        kept,
        store,
        device=setup.device,
        processes=setup.processes,
        weights=examined.weights,
        before=materials,
    )
    if decided is None and seconds is not None:
        kept = with_late_maps(materials, kept, reuse=setup.reuse)
        materials = materials.knowing(kept)
    if examined.cleaned.why or examined.cleaned.reweighted:
        watch.say(said(examined))
    ahead = None if is_late(setup, left()) else look_ahead(setup, materials, ranking.order[0], end=end)
    tests = sum(facts.pace.seconds(len(locked), side=facts.side) for facts in kept.values())
    task = make_task(setup.metric.name, dataset, splits, likeness, side=side_of(dataset, splits))
    task = with_trial_time(
        task,
        strategies,
        kept,
        machine(setup.device),
        left=left(),
        tests=tests,
        validated=len(splits.first[0].val),
        folds=len(splits.first),
    )
    if decided is not None:
        task = decided.keep_to(task)
    own, wider = open_networks(setup, strategies, task, materials, unseen, decided=decided, end=end)
    if wider is not None:
        notes.append(wider.note)
        watch.say(wider.note)
    materials = materials.knowing({**kept, **own.by_name})
    if decided is None:
        decided = PreparationRecord(
            seconds=setup.budget.seconds,
            trial_seconds=task.trial_seconds,
            trial_folds=task.folds,
            cache=store.bound,
            read=len(dataset) + len(dataset.unreadable) if dataset.left_out else None,
            left=seen.left,
            least=seen.least,
            images=len(dataset),
            classes=dataset.classes,
            digest=dataset.digest,
            first_split=first,
            split=splits.hash,
            backbones={
                name: backbone_record(opened_as[name], facts) for name, facts in {**backbones, **kept}.items()
            },
            order=ranking.order,
            aside=ranking.aside,
            likeness=task.likeness,
            notes=chosen,
            own={
                name: BaselineNetworkRecord(facts.weights, backbone_record(facts.name, facts))
                for name, facts in own.networks.items()
            },
            grouping=seen.grouping,
            wider=None if wider is None else wider.asked,
            wider_split=None if wider is None else wider.materials.splits.hash,
        )
    else:
        decided.check_split(splits, None if wider is None else wider.materials.splits)
        decided = replace(decided, cache=store.bound)
    return Prepared(
        dataset=dataset,
        splits=splits,
        locked=locked,
        quality=found,
        examined=examined,
        groups=groups,
        backbones=kept,
        task=task,
        materials=materials,
        likeness=likeness,
        overlap={name: class_overlap(dataset.classes, facts) for name, facts in backbones.items()},
        copies=None if shown is None else source_copies(dataset, splits.train, shown[:SOURCE_IMAGES]),
        ranking=ranking,
        outlook=ahead,
        advice=rule_of_thumb(task, nearest(task.likeness)),
        notes=tuple(notes),
        decided=decided,
        own=own,
        wider=wider,
    )

"""List and read images or texts besides the labelled ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import DEPLOY, ROLES, Dataset, roles_of
from autotl.budget.policy import POLICY
from autotl.budget.subsampling import additional_limit
from autotl.clock import OutOfTime
from autotl.data.additional.assemble import NAMED
from autotl.data.additional.known_classes import known_labels, with_known_classes
from autotl.data.additional.listing import MIN_GIVEN, AdditionalListing, list_additional
from autotl.data.additional.reading import ReadingLimits, read_additional, unreadable_note
from autotl.data.name_lists import join_names
from autotl.errors import DataError
from autotl.modalities import modality_named
from autotl.pipeline.stages.adaptations import refuse_other_targets
from autotl.pipeline.stages.clean import CleanedImages
from autotl.pipeline.stages.context import Context
from autotl.preparation.additional.copies import Copies, find_copies
from autotl.preparation.additional.place_of_use import PlaceOfUse
from autotl.preparation.additional.record import AdditionalRecord
from autotl.preparation.additional.roles import given_roles
from autotl.progress import report_progress
from autotl.progress.timeline import spent_on
from autotl.workbench.additional.images import additional_features, with_additional
from autotl.workbench.additional.sets import AdditionalSet

Listings = Mapping[str, AdditionalListing]


@dataclass(frozen=True, slots=True)
class AddedImages:
    """The images of the search, with the additional ones.

    Attributes:
        cleaned: The images of the search; the run cache has the additional ones.
        record: The decisions, by role.
        notes: Sentences for the report.
        place: The images of the place of use; None if there are none.
    """

    cleaned: CleanedImages
    record: Mapping[str, AdditionalRecord] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    place: PlaceOfUse | None = None


def list_given(context: Context, dataset: Dataset) -> dict[str, AdditionalListing]:
    """List the additional images that a strategy learns from.

    A bad set thus ends the run before anything is computed. A full profile lists all sets.

    Args:
        context: The options, plugins and services.
        dataset: The labelled images.

    Raises:
        DataError: The labelled data has other inputs than images. A set is empty or too small, no reader
            reads its form, or its labels are other classes.
        ArgumentError: There are images of the place of use, and the labelled ones have no single class.
    """
    settings, plugins = context.settings, context.plugins
    given, modality = given_roles(settings.data), modality_named(dataset.modality)
    if given and "additional" not in modality.supports:
        raise DataError(
            f"The labelled data must be images if {given[0]} is given (got {modality.noun}s). Leave "
            f"{given[0]} (--{given[0]}) out."
        )
    if settings.data.deploy is not None and not settings.full_profile:
        refuse_other_targets(dataset.target)
    wanted = {role for each in plugins.strategies.values() for role in roles_of(each)}
    found = {
        role: list_additional(
            role,
            getattr(settings.data, role),
            readers=plugins.readers,
            columns=settings.columns,
            modality=dataset.modality,
        )
        for role in given
        if settings.full_profile or role in wanted
    }
    if DEPLOY in found:
        found[DEPLOY] = with_known_classes(found[DEPLOY], dataset.target)
    return found


@spent_on("read")
def add_images(
    context: Context,
    listings: Listings,
    cleaned: CleanedImages,
    backbone: str,
    recorded: Mapping[str, AdditionalRecord] | None,
) -> AddedImages:
    """Read the listed images, and leave out copies of labelled ones.

    Args:
        context: The options, plugins and services.
        listings: The listed images, by role.
        cleaned: The images of the search.
        backbone: The name of the best backbone, whose features are compared.
        recorded: The decisions of an earlier start of the run; None for a new run.

    Raises:
        DataError: No image of a set can be read, or too few of the place of use are left.
        RunError: The images have changed since the earlier start.
    """
    sets: dict[str, AdditionalSet] = {}
    record: dict[str, AdditionalRecord] = {}
    notes: list[str] = []
    place: PlaceOfUse | None = None
    for role, listing in listings.items():
        known = None if recorded is None else recorded.get(role)
        if recorded is not None and known is None:
            continue  # the earlier start of the run did not learn from these images
        dataset, read = _read(context, listing, cleaned, known, sets=len(listings))
        copied, own_notes = _copies(context, role, dataset, cleaned, backbone, known)
        used = np.setdiff1d(np.arange(len(dataset)), copied)
        sets[role] = AdditionalSet(dataset, used, len(listing.items))
        if role == DEPLOY:
            place = _place(listing, sets[role], cleaned)
        digests = dataset.table["digest"].to_numpy()[copied]
        record[role] = AdditionalRecord(len(dataset), dataset.digest, read, tuple(map(str, digests)))
        notes += [*listing.notes, *_reading_notes(listing, dataset), *own_notes]
    context.services.say(*notes)
    run_cache = with_additional(cleaned.run_cache, sets) if sets else cleaned.run_cache
    return AddedImages(replace(cleaned, run_cache=run_cache), record, tuple(notes), place)


def _place(listing: AdditionalListing, images: AdditionalSet, cleaned: CleanedImages) -> PlaceOfUse:
    """Return the images of the place of use with their labels. Raises DataError if too few are left."""
    if len(images.used) < MIN_GIVEN:
        dataset, nouns = images.dataset, f"{modality_named(images.dataset.modality).noun}s"
        counts = [f"{len(dataset) - len(images.used):,} are copies"]
        if dataset.unreadable:
            named = join_names((f"{name} ({why})" for name, why in dataset.unreadable.items()), limit=NAMED)
            counts.append(f"{len(dataset.unreadable):,} cannot be read: {named}")
        raise DataError(
            f"{listing.role} must have at least {MIN_GIVEN} {nouns} that are no copies of your {nouns} (got "
            f"{len(images.used)} of {images.given}; {'; '.join(counts)}). Give {nouns} from the place of use."
        )
    labels = known_labels(listing, images.dataset, cleaned.dataset.target)
    return PlaceOfUse(images, labels[images.used])


def _read(
    context: Context,
    listing: AdditionalListing,
    cleaned: CleanedImages,
    known: AdditionalRecord | None,
    *,
    sets: int,
) -> tuple[Dataset, int | None]:
    """Read the images of one role, as many as the time and the disk allow; return the number asked for."""
    report_progress(f"reading {ROLES[listing.role]}")
    left = None if context.settings.full_profile else context.left()
    limits = (
        ReadingLimits(recorded=known.read or len(listing.items))
        if known
        else ReadingLimits(
            None if left is None else POLICY.additional_reading * max(left, 0.0) / sets,
            additional_limit(cleaned.run_cache, left=left, sets=sets),
        )
    )
    dataset, read = read_additional(
        listing,
        cleaned.dataset.scale,
        limits,
        clock=context.services.clock,
        seed=context.settings.seed,
    )
    if known is not None:
        known.check(listing.role, dataset)
    return dataset, read


def _copies(
    context: Context,
    role: str,
    dataset: Dataset,
    cleaned: CleanedImages,
    backbone: str,
    known: AdditionalRecord | None,
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the rows that are copies of labelled images, and notes."""
    if known is not None:
        gone = np.isin(dataset.table["digest"].to_numpy().astype(str), list(known.left_out))
        rows = np.flatnonzero(gone).astype(np.int64)
        return rows, [f"{len(rows):,} copies among the {ROLES[role]} stay left out."] if len(rows) else []
    report_progress(f"comparing {ROLES[role]} with yours")
    run_cache = cleaned.run_cache
    images = AdditionalSet(dataset, np.arange(len(dataset)), len(dataset))
    size, late = run_cache.backbones[backbone].input_size, list[str]()
    features: NDArray[np.float32] | None = None
    try:
        features = additional_features(
            run_cache,
            images,
            backbone,
            input_size=size,
            check_cancelled=context.end.share(2 * POLICY.additional_pass).check,
        ).numpy()
    except OutOfTime:
        late.append(f"Copies among the {ROLES[role]} were searched by hashes alone, for lack of time.")
    tested = cleaned.locked.image_rows(f"copies among the {ROLES[role]}")
    found: Copies = find_copies(run_cache, dataset, tested, backbone=backbone, features=features)
    return found.rows, [*late, *filter(None, [found.note(role, len(dataset))])]


def _reading_notes(listing: AdditionalListing, dataset: Dataset) -> list[str]:
    """Return notes on images that were not read, or cannot be."""
    notes = [unreadable_note(listing.role, dataset)]
    if dataset.left_out:
        notes.append(
            f"Uses {len(dataset):,} of {len(listing.items):,} {ROLES[listing.role]}: there is no time or "
            "disk for more. A larger budget uses more."
        )
    return [each for each in notes if each]

"""Labelled images: from what a reader lists to a dataset, its split, its faults and what a network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.data.arguments import check_columns, check_path, check_share
    from autotl.data.conventions import (
        as_path,
        class_order,
        doubtful,
        group_texts,
        is_missing,
        known_column,
        label_text,
        label_texts,
        no_columns,
        no_label,
        some,
    )
    from autotl.data.image_files.decode import digest, open_image, quietly, reason, upright_rgb
    from autotl.data.image_files.depth import depth_of
    from autotl.data.image_files.endings import IMAGE_SUFFIXES, SUFFIXES, is_image_name
    from autotl.data.image_files.fingerprint import perceptual_hashes, thumbnail
    from autotl.data.image_files.pixels import as_array, image_of, is_array, scale_of
    from autotl.data.image_files.walk import files_below, is_special
    from autotl.data.image_files.zipped import ZippedImages
    from autotl.data.layout.parts import part_of
    from autotl.data.layout.tree import Placed, place
    from autotl.data.lazy_images import OnDemand
    from autotl.data.prediction_inputs import pictures_given
    from autotl.data.quality import (
        Duplicates,
        Imbalance,
        Leakage,
        Quality,
        Sizes,
        Span,
        labels_of_parts,
        quality,
    )
    from autotl.data.reading import at_scale, read
    from autotl.data.splits.lock import LockedTest, OpenedTwice
    from autotl.data.splits.regrouping import divided, fold_of, grouped, regathered
    from autotl.data.splits.splitting import cross_parts, hash_of, names_of, split, without
    from autotl.data.splits.thinning import thin, thin_test, widened
    from autotl.data.summary import summary
    from autotl.data.tabular.cells import holds_image, text_of
    from autotl.data.tabular.columns import Chosen, choose_columns, image_column, is_image_path
    from autotl.data.tabular.locate import Files
    from autotl.data.tabular.one_hot import labels_from
    from autotl.data.tabular.opening import Openers, openers
    from autotl.data.tabular.schema import class_names_of, named
    from autotl.data.threads import in_threads, limit_spinning, torch_within_cores, usable_cores
    from autotl.data.torch_parts import class_names, image_file, kept_labels
    from autotl.data.unlabelled import Picture, images_in, pictures, pictures_in
    from autotl.data.view import View, render, render_images, render_parts, view_of

__all__ = [
    "IMAGE_SUFFIXES",
    "SUFFIXES",
    "Chosen",
    "Duplicates",
    "Files",
    "Imbalance",
    "Leakage",
    "LockedTest",
    "OnDemand",
    "OpenedTwice",
    "Openers",
    "Picture",
    "Placed",
    "Quality",
    "Sizes",
    "Span",
    "View",
    "ZippedImages",
    "as_array",
    "as_path",
    "at_scale",
    "check_columns",
    "check_path",
    "check_share",
    "choose_columns",
    "class_names",
    "class_names_of",
    "class_order",
    "cross_parts",
    "depth_of",
    "digest",
    "divided",
    "doubtful",
    "files_below",
    "fold_of",
    "group_texts",
    "grouped",
    "hash_of",
    "holds_image",
    "image_column",
    "image_file",
    "image_of",
    "images_in",
    "in_threads",
    "is_array",
    "is_image_name",
    "is_image_path",
    "is_missing",
    "is_special",
    "kept_labels",
    "known_column",
    "label_text",
    "label_texts",
    "labels_from",
    "labels_of_parts",
    "limit_spinning",
    "named",
    "names_of",
    "no_columns",
    "no_label",
    "open_image",
    "openers",
    "part_of",
    "perceptual_hashes",
    "pictures",
    "pictures_given",
    "pictures_in",
    "place",
    "quality",
    "quietly",
    "read",
    "reason",
    "regathered",
    "render",
    "render_images",
    "render_parts",
    "scale_of",
    "some",
    "split",
    "summary",
    "text_of",
    "thin",
    "thin_test",
    "thumbnail",
    "torch_within_cores",
    "upright_rgb",
    "usable_cores",
    "view_of",
    "widened",
    "without",
]

lazy_package(__name__)

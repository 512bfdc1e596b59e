"""Labelled images: from what a reader lists to a dataset, its split, its faults and what a network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.data.asked import check_columns, check_path, check_share
    from autotl.data.columns import Chosen, choose_columns, is_image_path
    from autotl.data.decode import SUFFIXES, digest, open_image, quietly, reason, upright_rgb
    from autotl.data.fingerprint import perceptual_hashes, thumbnail
    from autotl.data.forms import (
        as_path,
        class_order,
        group_texts,
        known_column,
        label_text,
        label_texts,
        no_columns,
        no_label,
        part_of,
        some,
    )
    from autotl.data.images import images_in, pictures
    from autotl.data.lock import LockedTest, OpenedTwice
    from autotl.data.ondemand import OnDemand
    from autotl.data.pixels import as_array, image_of, is_array, scale_of
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
    from autotl.data.regathering import divided, fold_of, grouped, regathered
    from autotl.data.splitting import cross_parts, hash_of, names_of, split, without
    from autotl.data.thinning import thin, thin_test, widened
    from autotl.data.threads import in_threads, limit_spinning, torch_within_cores, usable_cores
    from autotl.data.torch_parts import class_names, image_file, kept_labels
    from autotl.data.tree import Placed, place
    from autotl.data.view import View, render, render_images, render_parts, view_of
    from autotl.data.zipped import ZippedImages

__all__ = [
    "SUFFIXES",
    "Chosen",
    "Duplicates",
    "Imbalance",
    "Leakage",
    "LockedTest",
    "OnDemand",
    "OpenedTwice",
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
    "class_order",
    "cross_parts",
    "digest",
    "divided",
    "fold_of",
    "group_texts",
    "grouped",
    "hash_of",
    "image_file",
    "image_of",
    "images_in",
    "in_threads",
    "is_array",
    "is_image_path",
    "kept_labels",
    "known_column",
    "label_text",
    "label_texts",
    "labels_of_parts",
    "limit_spinning",
    "names_of",
    "no_columns",
    "no_label",
    "open_image",
    "part_of",
    "perceptual_hashes",
    "pictures",
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

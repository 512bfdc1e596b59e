"""Labelled images: from what a reader lists to a dataset, its split, its faults and what a network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.data.asked import check_path, check_share
    from autotl.data.columns import Chosen, choose_columns, image_column, is_image_path
    from autotl.data.decode import SUFFIXES, digest, open_image, quietly, reason, upright_rgb
    from autotl.data.fingerprint import perceptual_hashes, thumbnail
    from autotl.data.forms import (
        as_path,
        class_order,
        known_column,
        label_text,
        label_texts,
        no_columns,
        no_label,
        part_of,
        some,
    )
    from autotl.data.given import pictures_given
    from autotl.data.images import Picture, images_in, pictures, pictures_in
    from autotl.data.lock import LockedTest, OpenedTwice
    from autotl.data.ondemand import OnDemand
    from autotl.data.pixels import Scale, as_array, image_of, is_array, scale_of
    from autotl.data.quality import Duplicates, Imbalance, Leakage, Quality, Sizes, Span, quality
    from autotl.data.reading import read
    from autotl.data.regathering import divided, fold_of, grouped, regathered
    from autotl.data.splitting import cross_parts, hash_of, names_of, split, without
    from autotl.data.thinning import thin, thin_test, widened
    from autotl.data.threads import in_threads, limit_spinning, torch_within_cores, usable_cores
    from autotl.data.tree import Placed, place
    from autotl.data.view import View, render, render_images, render_parts, view_of
    from autotl.data.walk import files_below, is_special
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
    "Picture",
    "Placed",
    "Quality",
    "Scale",
    "Sizes",
    "Span",
    "View",
    "ZippedImages",
    "as_array",
    "as_path",
    "check_path",
    "check_share",
    "choose_columns",
    "class_order",
    "cross_parts",
    "digest",
    "divided",
    "files_below",
    "fold_of",
    "grouped",
    "hash_of",
    "image_column",
    "image_of",
    "images_in",
    "in_threads",
    "is_array",
    "is_image_path",
    "is_special",
    "known_column",
    "label_text",
    "label_texts",
    "limit_spinning",
    "names_of",
    "no_columns",
    "no_label",
    "open_image",
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

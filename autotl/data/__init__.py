"""Labelled images: reading, splitting, checking and preprocessing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.data.arguments import (
        check_columns,
        check_lengths,
        check_path,
        check_share,
        path_or_none,
        refuse_columns,
        refuse_targets,
        require_column,
    )
    from autotl.data.cpu_cores import limit_thread_spinning, torch_within_cores, usable_cores
    from autotl.data.image_facts import ImageFacts, read_image_facts
    from autotl.data.image_files.array_images import as_array, image_from_array, is_array, scale_of_arrays
    from autotl.data.image_files.bit_depth import deep_values_of
    from autotl.data.image_files.decode import (
        failure_reason,
        open_image,
        pixel_digest,
        upright_rgb,
        without_pillow_warnings,
    )
    from autotl.data.image_files.header import header_size
    from autotl.data.image_files.list_files import files_below, is_special_file
    from autotl.data.image_files.perceptual_hash import perceptual_hashes, thumbnail
    from autotl.data.image_files.pixel_scaling import Extremes, choose_scale, scale_notes
    from autotl.data.image_files.shared_scale import open_alone
    from autotl.data.image_files.suffixes import (
        IMAGE_SUFFIXES,
        READABLE_SUFFIXES,
        is_image_name,
        why_unreadable,
    )
    from autotl.data.image_files.zip_images import ZipImages
    from autotl.data.labels import (
        class_order,
        group_texts,
        is_blank,
        is_missing,
        label_text,
        label_texts,
        placeholder_label_notes,
        similar_class_notes,
    )
    from autotl.data.layout.folder_labels import LabelledPath, label_paths
    from autotl.data.layout.part_names import part_of
    from autotl.data.lazy_images import LazyImages
    from autotl.data.listed.assembly import ReadInput, assemble
    from autotl.data.listed.images import read_images
    from autotl.data.name_lists import join_counts, join_names
    from autotl.data.prediction_inputs import image_openers, prediction_images
    from autotl.data.quality import (
        Duplicates,
        Imbalance,
        Leakage,
        Quality,
        Sizes,
        Span,
        labels_by_part,
        quality,
    )
    from autotl.data.reading import list_images, read, with_pixel_scale
    from autotl.data.splits.locked_test import LockedTest, LockedTestReopened
    from autotl.data.splits.masking import hide_rows
    from autotl.data.splits.number_scales import with_number_scales
    from autotl.data.splits.regrouping import (
        count_divided_groups,
        fold_numbers,
        keep_groups_together,
        with_groups,
    )
    from autotl.data.splits.splitting import rows_digest, split, split_hash, stratified_parts, without_rows
    from autotl.data.splits.strata import count_strata, strata_of
    from autotl.data.splits.subsampling import subsample_test, subsample_train, with_extra_rows
    from autotl.data.summary import summarise_data
    from autotl.data.tabular.cell_images import CellImages, open_cells
    from autotl.data.tabular.cells import holds_image, path_text
    from autotl.data.tabular.columns import ChosenColumns, choose_columns, image_column, text_column
    from autotl.data.tabular.delimited import delimited_rows
    from autotl.data.tabular.hub_classes import names_of_ids, parquet_class_names
    from autotl.data.tabular.locate_images import ImageLocator
    from autotl.data.tabular.stored_datasets import (
        holds_dataset,
        is_saved_dataset,
        joined_parquet,
        loaded_dataset,
        parquet_files,
    )
    from autotl.data.tabular.text_columns import text_columns
    from autotl.data.targets.label_sets import is_list
    from autotl.data.targets.read_targets import (
        FoundTargets,
        read_labels,
        read_target_columns,
        read_targets,
    )
    from autotl.data.texts.cells import cell_opener
    from autotl.data.texts.encodings import read_text_file
    from autotl.data.texts.messages.reading import customer_messages
    from autotl.data.texts.names import text_name
    from autotl.data.texts.prediction import ReadsTexts, UnlabelledText, prediction_texts, text_files
    from autotl.data.texts.reading import read_texts, text_digest
    from autotl.data.texts.tables import json_rows, rows_of_texts
    from autotl.data.threads import map_in_threads
    from autotl.data.torch_datasets import torch_class_names, torch_image_file, torch_labels
    from autotl.data.unlabelled_images import UnlabelledImage, image_paths, unlabelled_images
    from autotl.data.view import render, render_images, render_parts, view_of
    from autotl.modalities.image.view import View

__all__ = [
    "IMAGE_SUFFIXES",
    "READABLE_SUFFIXES",
    "CellImages",
    "ChosenColumns",
    "Duplicates",
    "Extremes",
    "FoundTargets",
    "ImageFacts",
    "ImageLocator",
    "Imbalance",
    "LabelledPath",
    "LazyImages",
    "Leakage",
    "LockedTest",
    "LockedTestReopened",
    "Quality",
    "ReadInput",
    "ReadsTexts",
    "Sizes",
    "Span",
    "UnlabelledImage",
    "UnlabelledText",
    "View",
    "ZipImages",
    "as_array",
    "assemble",
    "cell_opener",
    "check_columns",
    "check_lengths",
    "check_path",
    "check_share",
    "choose_columns",
    "choose_scale",
    "class_order",
    "count_divided_groups",
    "count_strata",
    "customer_messages",
    "deep_values_of",
    "delimited_rows",
    "failure_reason",
    "files_below",
    "fold_numbers",
    "group_texts",
    "header_size",
    "hide_rows",
    "holds_dataset",
    "holds_image",
    "image_column",
    "image_from_array",
    "image_openers",
    "image_paths",
    "is_array",
    "is_blank",
    "is_image_name",
    "is_list",
    "is_missing",
    "is_saved_dataset",
    "is_special_file",
    "join_counts",
    "join_names",
    "joined_parquet",
    "json_rows",
    "keep_groups_together",
    "label_paths",
    "label_text",
    "label_texts",
    "labels_by_part",
    "limit_thread_spinning",
    "list_images",
    "loaded_dataset",
    "map_in_threads",
    "names_of_ids",
    "open_alone",
    "open_cells",
    "open_image",
    "parquet_class_names",
    "parquet_files",
    "part_of",
    "path_or_none",
    "path_text",
    "perceptual_hashes",
    "pixel_digest",
    "placeholder_label_notes",
    "prediction_images",
    "prediction_texts",
    "quality",
    "read",
    "read_image_facts",
    "read_images",
    "read_labels",
    "read_target_columns",
    "read_targets",
    "read_text_file",
    "read_texts",
    "refuse_columns",
    "refuse_targets",
    "render",
    "render_images",
    "render_parts",
    "require_column",
    "rows_digest",
    "rows_of_texts",
    "scale_notes",
    "scale_of_arrays",
    "similar_class_notes",
    "split",
    "split_hash",
    "strata_of",
    "stratified_parts",
    "subsample_test",
    "subsample_train",
    "summarise_data",
    "text_column",
    "text_columns",
    "text_digest",
    "text_files",
    "text_name",
    "thumbnail",
    "torch_class_names",
    "torch_image_file",
    "torch_labels",
    "torch_within_cores",
    "unlabelled_images",
    "upright_rgb",
    "usable_cores",
    "view_of",
    "why_unreadable",
    "with_extra_rows",
    "with_groups",
    "with_number_scales",
    "with_pixel_scale",
    "without_pillow_warnings",
    "without_rows",
]

lazy_package(__name__)

"""The files of a run, and their use.

They are the folder, model, predictor and tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.results.by_target.mistakes import mistakes
    from autotl.results.by_target.prediction_rows import THRESHOLD
    from autotl.results.calls.installed import Installed
    from autotl.results.ensemble_folder import EnsembleMember, LoadedEnsemble, load_ensemble, write_ensemble
    from autotl.results.ensemble_predictor import EnsemblePredictor, load_predictor
    from autotl.results.leftovers import remove_leftovers
    from autotl.results.model_folder import LoadedModel, keep_tta, load_model, write_model
    from autotl.results.predictions import ImageModel, ViewedImages
    from autotl.results.predictor import Predictor, mean_outputs, mirror_images
    from autotl.results.report_file import is_finished, read_report
    from autotl.results.result import Result
    from autotl.results.run_file import (
        RUN_FILE,
        RunFile,
        archive_report,
        is_run,
        read_run_file,
        repeated_test_notes,
        unique_name,
        write_run_file,
    )
    from autotl.results.run_folder import RunFolder, check_unused, create_run_folder
    from autotl.results.tables import answer_table, write_predictions, write_split, write_trials

__all__ = [
    "RUN_FILE",
    "THRESHOLD",
    "EnsembleMember",
    "EnsemblePredictor",
    "ImageModel",
    "Installed",
    "LoadedEnsemble",
    "LoadedModel",
    "Predictor",
    "Result",
    "RunFile",
    "RunFolder",
    "ViewedImages",
    "answer_table",
    "archive_report",
    "check_unused",
    "create_run_folder",
    "is_finished",
    "is_run",
    "keep_tta",
    "load_ensemble",
    "load_model",
    "load_predictor",
    "mean_outputs",
    "mirror_images",
    "mistakes",
    "read_report",
    "read_run_file",
    "remove_leftovers",
    "repeated_test_notes",
    "unique_name",
    "write_ensemble",
    "write_model",
    "write_predictions",
    "write_run_file",
    "write_split",
    "write_trials",
]

lazy_package(__name__)

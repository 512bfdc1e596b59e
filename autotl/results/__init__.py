"""What a run leaves behind: its folder, the model and the predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.results.ensemble_folder import OpenedEnsemble, Part, open_ensemble, write_ensemble
    from autotl.results.ensemble_predictor import EnsemblePredictor, open_predictor
    from autotl.results.leftovers import sweep
    from autotl.results.model_folder import Opened, open_model, write_model
    from autotl.results.predictor import Predictor
    from autotl.results.report_file import is_finished, read_report
    from autotl.results.result import Result
    from autotl.results.run_file import (
        RUN_FILE,
        RunFile,
        is_run,
        lasting_name,
        opened_before,
        read_run_file,
        set_report_aside,
        write_run_file,
    )
    from autotl.results.run_folder import RunFolder, check_unused, new_folder
    from autotl.results.tables import write_answers, write_split, write_trials

__all__ = [
    "RUN_FILE",
    "EnsemblePredictor",
    "Opened",
    "OpenedEnsemble",
    "Part",
    "Predictor",
    "Result",
    "RunFile",
    "RunFolder",
    "check_unused",
    "is_finished",
    "is_run",
    "lasting_name",
    "new_folder",
    "open_ensemble",
    "open_model",
    "open_predictor",
    "opened_before",
    "read_report",
    "read_run_file",
    "set_report_aside",
    "sweep",
    "write_answers",
    "write_ensemble",
    "write_model",
    "write_run_file",
    "write_split",
    "write_trials",
]

lazy_package(__name__)

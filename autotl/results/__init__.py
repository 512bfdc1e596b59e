"""What a search leaves behind: scores with intervals, the verdict, the model folder and the predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.results.cautions import Leaks
    from autotl.results.ensemble_folder import OpenedEnsemble, Part, open_ensemble, write_ensemble
    from autotl.results.ensemble_predictor import EnsemblePredictor, open_predictor
    from autotl.results.evaluate import ClassScore, Evaluation, calibration_error, evaluate
    from autotl.results.findings import Answers, ArmFinding, ClassGain, Ensemble, Findings, Moved, Soup
    from autotl.results.gain import Gain, gain, gain_of_training
    from autotl.results.harmed import harmed_classes
    from autotl.results.mixture import mixture
    from autotl.results.model_folder import Opened, open_model, write_model
    from autotl.results.optimism import Optimism, optimism
    from autotl.results.plateau import Plateau, plateau_of
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
    from autotl.results.sweeping import sweep
    from autotl.results.tables import write_answers, write_split, write_trials
    from autotl.results.temperature import Temperature, calibrate
    from autotl.results.validation_gap import (
        Compared,
        FoldCopies,
        GapReasons,
        Selection,
        by_copies,
        by_selection,
        gap_reasons,
    )
    from autotl.results.verdict import Verdict, judge

__all__ = [
    "RUN_FILE",
    "Answers",
    "ArmFinding",
    "ClassGain",
    "ClassScore",
    "Compared",
    "Ensemble",
    "EnsemblePredictor",
    "Evaluation",
    "Findings",
    "FoldCopies",
    "Gain",
    "GapReasons",
    "Leaks",
    "Moved",
    "Opened",
    "OpenedEnsemble",
    "Optimism",
    "Part",
    "Plateau",
    "Predictor",
    "Result",
    "RunFile",
    "RunFolder",
    "Selection",
    "Soup",
    "Temperature",
    "Verdict",
    "by_copies",
    "by_selection",
    "calibrate",
    "calibration_error",
    "check_unused",
    "evaluate",
    "gain",
    "gain_of_training",
    "gap_reasons",
    "harmed_classes",
    "is_finished",
    "is_run",
    "judge",
    "lasting_name",
    "mixture",
    "new_folder",
    "open_ensemble",
    "open_model",
    "open_predictor",
    "opened_before",
    "optimism",
    "plateau_of",
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
